internal import OpenAIWire

/// Tells whether a stream that has ended was complete. It is looked at in passing: what is whole is
/// passed on unread.
package struct StreamEnd: Sendable {
  /// How a stream has ended.
  package enum Verdict: Sendable, Hashable {
    /// With its end, or in a way that says nothing.
    case complete
    /// By an error that the upstream has put into it, which the client has.
    case failed
    /// Before its end.
    case cut
  }

  private var hasFinishReason = false
  /// Nil where there is one choice: then the first reason to finish is the end.
  private var choices: StreamChoices?
  /// The last events that came. Shared with whoever passes them on, not copied.
  private var last: [UInt8] = []

  /// For a stream that has not begun.
  /// - Parameter hasSeveralChoices: whether it may answer more than once, as with `n` above 1. Such a
  ///   stream is read, to know when all of its answers are over.
  package init(hasSeveralChoices: Bool = false) {
    choices = hasSeveralChoices ? StreamChoices() : nil
  }

  /// Takes whole events.
  package mutating func note(_ events: [UInt8]) {
    // A comment that keeps the connection alive tells nothing.
    if events[...].contains("data:") { last = events }
    if choices != nil {
      choices?.note(events)
    } else if !hasFinishReason {
      hasFinishReason = FinishReason.stands(in: events[...])
    }
  }

  /// Whether each choice has said why it is over.
  private var isFinished: Bool { choices?.areOver ?? hasFinishReason }

  /// Whether the answer is over, however its connection ends.
  package var isOver: Bool {
    if isFinished { return true }
    switch Self.lastData(last).flatMap(Self.judge) {
    case .complete, .failed: return true
    case .cut, nil: return false
    }
  }

  /// Whether the upstream has said that nothing follows.
  package var isDone: Bool {
    let isLineEnd = { (byte: UInt8) in byte == 0x0A || byte == 0x0D }
    guard let end = last.lastIndex(where: { !isLineEnd($0) }) else { return false }
    // No JSON ends so.
    return last[...end].suffix(6).elementsEqual("[DONE]".utf8)
  }

  /// Judges a stream by what has come of it.
  /// - Parameter rest: what came behind the last whole event.
  package func verdict(rest: [UInt8]) -> Verdict {
    if isFinished(with: rest) { return .complete }
    // Comments alone are no answer.
    guard let data = Self.lastData(rest) ?? Self.lastData(last) else { return .cut }
    if let verdict = Self.judge(data) { return verdict }
    let isWhole = rest.isEmpty || (try? JSONScanner.validate(data)) != nil
    return isWhole ? .complete : .cut
  }

  private func isFinished(with rest: [UInt8]) -> Bool {
    guard var choices else { return hasFinishReason || FinishReason.stands(in: rest[...]) }
    choices.note(rest + [0x0A, 0x0A])
    return choices.areOver
  }

  /// What an event says of the stream's end, if it is the last; nil where it says nothing.
  private static func judge(_ data: [UInt8]) -> Verdict? {
    if data.elementsEqual("[DONE]".utf8) { return .complete }
    guard let object = try? JSONSlice.parse(data), object.kind == .object else { return nil }
    if object["error"]?.isFailure == true { return .failed }
    if object["choices"]?.kind == .array { return .cut }
    guard let type = object["type"]?.string else { return nil }
    switch type {
    case "error", "response.failed": return .failed
    case "response.completed", "response.incomplete", "response.cancelled": return .complete
    // The events of other interfaces tell nothing of their end.
    default: return type.hasPrefix("response.") ? .cut : nil
    }
  }

  private static func lastData(_ bytes: [UInt8]) -> [UInt8]? {
    guard !bytes.isEmpty else { return nil }
    var framer = SSEFramer(limit: bytes.count + 2)
    framer.push(bytes + [0x0A, 0x0A])
    var data: [UInt8]?
    while let frame = try? framer.nextFrame() {
      if let found = frame.data { data = Array(found) }
    }
    return data
  }
}
