internal import OpenAIWire

/// Reads one upstream stream of a tool loop: lets through what is the client's, withholds what is
/// the gateway's. Synchronous, without I/O: bytes in, bytes for the client and calls to run out.
///
/// As long as the model makes no call, the client gets the very bytes that the upstream sent.
package struct StreamInterceptor {
  /// Bounds on what a stream may make the gateway hold.
  package struct Limits: Sendable {
    /// Bytes of one event.
    package var event = 32 << 20
    /// Bytes of the arguments of one call.
    package var arguments = 64 * 1024
    /// Calls of one turn.
    package var calls = 64
    /// Bytes of text that go back into the conversation when a tool was called.
    package var text = 128 * 1024

    /// The defaults that each property names.
    package init() {}
  }

  /// Why a stream cannot go on.
  package enum Fault: Error, Sendable {
    /// The upstream has put an error where its answer should begin or go on: the event's data.
    case upstreamError([UInt8])
    /// An event is no JSON object.
    case malformed(String)
    /// A bound was passed.
    case tooLarge(String)
  }

  /// How the stream has ended.
  package enum End: Sendable {
    /// It is over and the client has all of it.
    case complete
    /// The model has called tools of the gateway; `clientCalls` are the client's own, if any.
    case toolCalls(own: [ToolCall], clientCalls: [ToolCall])
    /// The model's budget has ended it within a call of the gateway's; what was called before that
    /// runs. The client has not been told: `close` does, with this reason.
    case truncated(String)
    /// The connection ended before the answer did.
    case cut
  }

  let ownTools: Set<String>
  let limits: Limits
  var framer: SSEFramer
  /// Nil until the first chunk of the first round.
  var identity: StreamIdentity?
  /// Whether this is a later round, whose chunks are rewritten.
  let continues: Bool
  var hasSentRole: Bool
  let usageBefore: UsageSum

  var calls: [PartialCall] = []
  /// Calls of earlier streams of the answer.
  let callsBefore: Int
  var clientCallCount = 0
  /// The event with the finish reason, until it is known that nothing follows it but usage.
  var heldFinish: [UInt8]?
  var heldUsage: [UInt8]?
  /// The finish reason that the upstream gave.
  package internal(set) var finishReason: String?
  /// Whether `[DONE]` has come.
  package internal(set) var isDone = false
  /// Whether the upstream has put an error into its stream, which the client has been sent.
  package internal(set) var hasFailed = false
  /// Whether a chunk has come, so that a failure before it can still be told by a status.
  package internal(set) var hasChunks = false
  /// Whether the client has been sent a usage event.
  package internal(set) var hasSentUsage = false
  /// The newest `usage` of this stream.
  package internal(set) var usage: [UInt8]?
  /// The model's words in this stream, as the inside of a JSON string.
  package internal(set) var text: [UInt8] = []
  /// A chunk of the gateway's own that the client gets before `[DONE]`.
  package var lastChunk: [UInt8] = []
  private var ready: [ToolCall] = []

  /// For the first upstream stream of an answer.
  /// - Parameter ownTools: names of the tools that the gateway runs.
  package init(ownTools: Set<String>, limits: Limits = Limits()) {
    self.ownTools = ownTools
    self.limits = limits
    framer = SSEFramer(limit: limits.event)
    continues = false
    hasSentRole = false
    callsBefore = 0
    usageBefore = UsageSum()
  }

  /// For a stream that continues the answer of `previous`.
  package init(continuing previous: StreamInterceptor, ownTools: Set<String>) {
    self.ownTools = ownTools
    limits = previous.limits
    framer = SSEFramer(limit: limits.event)
    identity = previous.identity
    continues = previous.identity != nil
    hasSentRole = previous.hasSentRole
    hasSentUsage = previous.hasSentUsage
    clientCallCount = previous.clientCallCount
    callsBefore = previous.callsBefore + previous.calls.count
    usageBefore = previous.totalUsage
    lastChunk = previous.lastChunk
  }

  /// What all upstream calls so far have used.
  var totalUsage: UsageSum {
    var sum = usageBefore
    if let usage { sum.add(usage) }
    return sum
  }

  /// Whether the upstream has said all that it will say.
  var isOver: Bool { isDone || finishReason != nil || hasFailed }

  /// Whether a call of the gateway's was seen.
  package var hasOwnCalls: Bool { calls.contains { $0.isOwn == true } }

  /// The calls that have become ready to run since this was last asked.
  package mutating func takeReady() -> [ToolCall] {
    defer { ready.removeAll() }
    return ready
  }

  /// The gateway's own last chunk, once.
  mutating func takeLastChunk() -> [UInt8] {
    defer { lastChunk = [] }
    return lastChunk
  }

  /// Whether what is sent next must tell the role, which no delta has done yet. It counts as told.
  mutating func takeRole() -> Bool {
    defer { hasSentRole = true }
    return !hasSentRole
  }

  // MARK: Bytes

  /// Takes what the upstream has sent.
  /// - Parameter out: what the client is to get is appended.
  /// - Throws: `Fault`. What was appended before is still the client's.
  package mutating func push(_ bytes: [UInt8], into out: inout [UInt8]) throws(Fault) {
    framer.push(bytes)
    if mayPassUnread(framer.wholeFrames) { return try passBatch(into: &out) }
    while let frame = try nextFrame() { try take(frame, into: &out) }
  }

  /// Tells how the stream has ended, once the upstream has closed it.
  /// - Parameter out: what the client is still to get is appended.
  package mutating func end(into out: inout [UInt8]) throws(Fault) -> End {
    // A last event without its blank line is, for SSE, no event; but servers do end like this.
    // One that is cut within its data is none: a client could not read it.
    let rest = framer.takeRemainder()
    if !rest.isEmpty, Self.isWholeEvent(rest) {
      framer.push(rest + [0x0A, 0x0A])
      while let frame = try nextFrame() { try take(frame, into: &out) }
    }
    guard isDone || finishReason != nil || hasFailed else { return .cut }
    // Arguments that end with the model's budget are no call; the client learns of the budget.
    let isTruncated = finishReason == "length" || finishReason == "content_filter"
    // A call without arguments is one with none only now: until the end they may still come.
    for index in calls.indices where calls[index].arguments.isEmpty && !isTruncated {
      calls[index].arguments = Array("{}".utf8)
    }
    settleCalls()
    let own = calls.filter { $0.isOwn == true }
    if own.isEmpty {
      releaseHeld(into: &out)
      return .complete
    }
    if isTruncated, let finishReason, own.contains(where: { !$0.isComplete }) {
      return .truncated(finishReason)
    }
    return .toolCalls(
      own: own.map(\.call), clientCalls: calls.filter { $0.isOwn == false }.map(\.call))
  }

  private static func isWholeEvent(_ bytes: [UInt8]) -> Bool {
    var framer = SSEFramer()
    framer.push(bytes + [0x0A, 0x0A])
    guard let frame = try? framer.nextFrame(), let data = frame.data else { return false }
    return frame.isDone || (try? JSONScanner.validate(Array(data))) != nil
  }

  /// The end of an answer whose last turn called tools of the gateway: finish reason, usage, done.
  package mutating func close(finishReason: String) -> [UInt8] {
    var out: [UInt8] = []
    // Some servers tell the usage in the event of the finish reason, which was withheld.
    let usage = heldUsage == nil && !hasSentUsage ? totalUsage.bytes : nil
    if let identity {
      out += identity.chunk(
        delta: Array("{}".utf8), finishReason: finishReason,
        members: usage.map { [(key: "usage", value: $0)] } ?? [])
    }
    if let heldUsage {
      out += heldUsage
      hasSentUsage = true
    }
    return out + takeLastChunk() + SSEWriter.done
  }

  private mutating func nextFrame() throws(Fault) -> SSEFrame? {
    do throws(SSEError) { return try framer.nextFrame() } catch {
      throw .tooLarge("an event of the upstream is larger than \(limits.event) bytes")
    }
  }

  // MARK: Frames

  private mutating func take(_ frame: SSEFrame, into out: inout [UInt8]) throws(Fault) {
    guard frame.kind == .event else {
      out.append(contentsOf: frame.raw)
      return
    }
    if frame.isDone {
      isDone = true
      settleCalls()
      if hasOwnCalls { return }
      releaseHeld(into: &out)
      out += takeLastChunk()
      out.append(contentsOf: frame.raw)
      return
    }
    if mayPassUnread(frame.raw) {
      noteText(in: frame.raw)
      releaseHeld(into: &out)
      out.append(contentsOf: frame.raw)
      return
    }
    try take(parse(frame), frame, into: &out)
  }

  private func parse(_ frame: SSEFrame) throws(Fault) -> JSONSlice {
    do throws(JSONError) {
      // Copied, so that edits touch this event and not all that was read with it.
      return try JSONSlice.parse(Array(frame.data ?? []))
    } catch {
      throw .malformed("an event of the upstream is not JSON: \(error.message)")
    }
  }

  /// Whether events hold nothing that has to be looked at. Costs a few searches.
  private func mayPassUnread(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard hasChunks, !continues, calls.isEmpty else { return false }
    return !bytes.contains("tool_calls\"") && !bytes.contains("\"error\"")
      && !bytes.contains("\"usage\":{") && !bytes.contains("\"usage\": {")
      && !bytes.contains("\\u") && !bytes.contains("[DONE]") && !FinishReason.stands(in: bytes)
  }

  /// Lets all events that have come pass at once.
  private mutating func passBatch(into out: inout [UInt8]) throws(Fault) {
    let batch: [UInt8]
    do throws(SSEError) { batch = try framer.takeWholeFrames() } catch {
      throw .tooLarge("an event of the upstream is larger than \(limits.event) bytes")
    }
    guard !batch.isEmpty else { return }
    noteText(in: batch[...])
    releaseHeld(into: &out)
    if out.isEmpty { out = batch } else { out.append(contentsOf: batch) }
  }

  /// Keeps the words of events that were not parsed. An unescaped `"content":` can only be a
  /// member's name.
  private mutating func noteText(in bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while text.count < limits.text, let name = rest.firstIndex(of: "\"content\":" as StaticString) {
      var start = name + 10
      while start < rest.endIndex, rest[start] == 0x20 { start += 1 }
      rest = rest[start...]
      guard rest.first == UInt8(ascii: "\"") else { continue }
      start += 1
      var end = start
      while end < rest.endIndex, rest[end] != UInt8(ascii: "\"") {
        end += rest[end] == UInt8(ascii: "\\") ? 2 : 1
      }
      end = min(end, rest.endIndex)
      text.append(contentsOf: rest[start..<end])
      rest = rest[end...]
    }
  }

  mutating func releaseHeld(into out: inout [UInt8]) {
    if let heldFinish {
      out.append(contentsOf: heldFinish)
      self.heldFinish = nil
    }
    if let heldUsage {
      out.append(contentsOf: heldUsage)
      self.heldUsage = nil
    }
  }

  // MARK: Calls

  /// Hands out calls that cannot grow any more: all but the newest, or all at the end.
  mutating func startCalls(before end: Int) {
    for index in calls.indices.prefix(end)
    where calls[index].isOwn == true && !calls[index].isStarted {
      guard calls[index].isComplete else { continue }
      calls[index].isStarted = true
      ready.append(calls[index].call)
    }
  }

  mutating func settleCalls() { startCalls(before: calls.count) }
}
