package import Chat
package import OpenAIWire

/// The conversation that a tool loop carries on: the client's request, and the turns since.
package struct Conversation: Sendable {
  private let request: ChatRequest
  private let model: String
  private let restored: [RestoredTurn]
  private let tools: ImageTools
  /// Whether the request's messages may hold pictures.
  private let mayHoldPictures: Bool
  /// What the model may ask of them.
  let limits: ToolLimits
  /// Those that the model may have changed; none where it may not.
  private(set) var pictures = ConversationPictures()
  /// Messages as JSON, in order.
  private var added: [[UInt8]] = []

  /// A remembered turn and the assistant message that it belongs to.
  package struct RestoredTurn: Sendable {
    /// Position in `messages`.
    package let message: Int
    package let turn: RememberedTurn
  }

  /// - Parameters:
  ///   - model: the upstream's name for it.
  ///   - tools: those of the gateway that the model may call; none for a plain relay.
  ///   - limits: what it may ask of them.
  package init(
    _ request: ChatRequest, model: String, restored: [RestoredTurn] = [],
    tools: ImageTools = [], limits: ToolLimits = .usual
  ) {
    self.request = request
    self.model = model
    self.restored = restored
    self.tools = tools
    self.limits = limits
    let messages = request[.messages]
    mayHoldPictures = messages.map(PictureHistory.mayHold) ?? false
    guard tools.contains(.edit), mayHoldPictures || !restored.isEmpty else { return }
    if let messages { pictures.add(messages: messages, restored: restored) }
  }

  /// Names of the functions that the gateway runs, also where they are not offered yet.
  var ownTools: Set<String> { Set(tools.list.map(\.rawValue)) }

  /// Whether a function is one that the gateway runs.
  func isOwn(_ name: String) -> Bool { tools.contains(named: name) }

  /// The tools that the model is offered now: what there is to change is changed.
  private var offered: ImageTools {
    tools.contains(.edit) && pictures.isEmpty ? tools.subtracting(.edit) : tools
  }

  /// Whether a turn was added.
  var hasTurns: Bool { !added.isEmpty }

  /// Adds an assistant turn that called the gateway's tools, and the results.
  /// - Parameter text: the inside of a JSON string.
  mutating func append(text: [UInt8], calls: [(call: ToolCall, result: [UInt8])]) {
    added.append(
      JSONWriter.object { message in
        message.member("role", "assistant")
        message.key("content")
        if text.isEmpty {
          message.null()
        } else {
          message.value(raw: [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")])
        }
        message.key("tool_calls")
        message.beginArray()
        for (call, _) in calls { message.value(raw: Self.entry(call)) }
        message.endArray()
      })
    for (call, result) in calls {
      added.append(Self.resultMessage(call.id, result))
      if tools.contains(.edit) { pictures.add(result: result) }
    }
  }

  /// The body for an upstream.
  /// - Parameters:
  ///   - model: the upstream's name for the model, where it is another upstream than at first.
  ///   - closes: whether the model must answer in words now, without the gateway's tools.
  ///   - offersTools: whether the model can call tools: one that stands in for another may not.
  /// - Throws: `OpenAIError`, for a body whose parts cannot be edited.
  package func body(
    model: String? = nil, closes: Bool = false, offersTools: Bool = true
  ) throws(OpenAIError) -> [UInt8] {
    var edits = request.edits(model: model ?? self.model)
    let tools = request[.tools]
    let offered = closes || !offersTools ? [] : offered
    if let tools, tools.kind == .array {
      for tool in offered.list { edits.append(element: tool.definition(limits), to: tools) }
    } else if !offered.isEmpty {
      set(.tools, offered.definitions(limits), &edits)
    }
    let forced = request[.toolChoice]?["function"]?["name"]?.string
    let forcesOwn = forced.map(isOwn) ?? false
    if closes || (!offersTools && forcesOwn) {
      let hasTools = tools?.elements.contains { _ in true } ?? false
      if hasTools {
        set(.toolChoice, Array("\"none\"".utf8), &edits)
      } else if let choice = request.member(.toolChoice) {
        // Without tools OpenAI refuses a choice among them.
        edits.delete(choice)
      }
    } else if hasTurns
      && (forcesOwn || request[.toolChoice]?.isString("required") == true)
    {
      set(.toolChoice, Array("\"auto\"".utf8), &edits)
    }
    try editMessages(&edits)
    do throws(JSONSpliceError) { return try edits.apply() } catch {
      throw .invalidRequest("The request cannot be edited for the upstream: \(error).")
    }
  }

  private func set(
    _ field: ChatRequestFields.Name, _ value: [UInt8], _ edits: inout JSONSplice
  ) {
    if let old = request[field] {
      edits.replace(old, with: value)
    } else {
      edits.append(key: field.text, value: value)
    }
  }

  private func editMessages(_ edits: inout JSONSplice) throws(OpenAIError) {
    guard let messages = request[.messages] else { return }
    if mayHoldPictures { try PictureHistory.strip(messages, &edits) }
    if !restored.isEmpty { restore(messages, &edits) }
    for message in added { edits.append(element: message, to: messages) }
  }

  /// One walk over the messages, which may be millions: they are not collected.
  private func restore(_ messages: JSONSlice, _ edits: inout JSONSplice) {
    var left = restored.sorted { $0.message < $1.message }[...]
    /// What stands behind the message before.
    var results: [[UInt8]] = []
    for (index, message) in messages.elements.enumerated() {
      for result in results { edits.insert(element: result, before: message) }
      results = []
      while let item = left.first, item.message <= index {
        left.removeFirst()
        guard let calls = message["tool_calls"], calls.kind == .array else { continue }
        for (call, result) in item.turn.calls {
          edits.append(element: Self.entry(call), to: calls)
          results.append(Self.resultMessage(call.id, result))
        }
      }
      if left.isEmpty && results.isEmpty { return }
    }
    for result in results { edits.append(element: result, to: messages) }
  }

  static func entry(_ call: ToolCall) -> [UInt8] {
    JSONWriter.object { entry in
      entry.member("id", call.id)
      entry.member("type", "function")
      entry.key("function")
      entry.beginObject()
      entry.member("name", call.name)
      entry.member("arguments", String(decoding: call.arguments, as: UTF8.self))
      entry.endObject()
      guard let others = try? JSONSlice.parse(call.others) else { return }
      for (key, value) in others.members { entry.member(key, raw: value.raw) }
    }
  }

  private static func resultMessage(_ id: String, _ result: [UInt8]) -> [UInt8] {
    JSONWriter.object { message in
      message.member("role", "tool")
      message.member("tool_call_id", id)
      message.member("content", String(decoding: result, as: UTF8.self))
    }
  }
}
