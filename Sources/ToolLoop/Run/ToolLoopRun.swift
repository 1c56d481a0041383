package import Chat
internal import EventLoop
package import HTTP
internal import OpenAIWire

/// What a tool loop works with, for one request. Loop-bound.
///
/// A class, so that handing it on copies nothing.
package final class ToolLoopRun {
  package let exchange: Exchange
  /// Asks the chat model.
  package let call: UpstreamCall
  package let request: ChatRequest
  package let requestID: String
  package let output: EaselOptions.ImageOutput
  /// Whether progress events are sent.
  package let events: Bool
  /// Whether the user is asked before a picture is drawn.
  package let confirms: Bool
  package let settings: ToolLoopSettings
  package let maker: any PictureMaker
  package let observer: any ToolObserver
  package let memory: any TurnMemory
  /// Whose conversation it is.
  package let scope: String
  /// Fields that the gateway adds to every answer.
  package let fields: HeaderFields
  /// Rounds begun: calls of the chat model, however many attempts each took.
  package internal(set) var rounds = 0

  /// Everything that one request needs.
  package init(
    exchange: Exchange, call: UpstreamCall, request: ChatRequest,
    requestID: String, output: EaselOptions.ImageOutput, events: Bool, confirms: Bool,
    settings: ToolLoopSettings,
    maker: any PictureMaker, observer: any ToolObserver = NoToolObserver(), memory: any TurnMemory,
    scope: String, fields: HeaderFields
  ) {
    self.exchange = exchange
    self.call = call
    self.request = request
    self.requestID = requestID
    self.output = output
    self.events = events
    self.confirms = confirms
    self.settings = settings
    self.maker = maker
    self.observer = observer
    self.memory = memory
    self.scope = scope
    self.fields = fields
  }

  var loop: EventLoop { exchange.loop }
  /// Rounds that are offered the tools. The last of all rounds is not, so that the model closes in
  /// words; but the first always is.
  var toolRounds: Int {
    let all = min(
      request.options.maxToolIterations ?? settings.maxIterations, settings.maxIterations)
    return max(1, all - 1)
  }

  /// A call of an upstream with the conversation so far, which is looked at where it is: a copy would
  /// cost more than the call.
  func upstreamRequest(
    _ target: UpstreamTarget, _ conversation: borrowing Conversation, round: Int
  ) throws(OpenAIError) -> ClientRequest {
    let body = try conversation.body(
      model: target.model, closes: round >= toolRounds, offersTools: target.canCallTools)
    return target.request(
      "chat/completions", client: exchange.head.headers, requestID: requestID, body: body)
  }

  /// The fields of an answer that is the upstream's.
  func answerFields(_ head: ResponseHead) -> HeaderFields {
    var fields = ForwardedFields.ofAnswer(head.headers)
    fields.append(contentsOf: self.fields)
    call.describe(in: &fields)
    return fields
  }

  func respond(_ error: OpenAIError) {
    exchange.respond(error, fields)
  }

  func remember(_ calls: [(call: ToolCall, result: [UInt8])], clientCalls: [ToolCall]) async {
    await memory.remember(
      RememberedTurn(calls: calls), scope: scope, callIDs: clientCalls.map(\.id))
  }
}
