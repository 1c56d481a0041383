internal import OpenAIWire

/// Which answers of a stream with several have begun, and which are over.
struct StreamChoices: Sendable {
  private var begun: Set<Int> = []
  private var over: Set<Int> = []
  /// Answers that are told apart; OpenAI's `n` is 128 at most.
  private static let largest = 1024

  /// Whether all that have begun are over.
  var areOver: Bool { !over.isEmpty && begun.isSubset(of: over) }

  /// Takes whole events.
  mutating func note(_ events: [UInt8]) {
    var framer = SSEFramer(limit: events.count + 2)
    framer.push(events)
    while let frame = try? framer.nextFrame() {
      guard let data = frame.data, let object = try? JSONSlice.parse(Array(data)) else { continue }
      object["choices"]?.elements.forEach { note($0) }
    }
  }

  private mutating func note(_ choice: JSONSlice) {
    let index = choice["index"]?.int ?? 0
    guard (0..<Self.largest).contains(index) else { return }
    begun.insert(index)
    if let reason = choice["finish_reason"], !reason.isNull, !reason.isString("") {
      over.insert(index)
    }
  }
}
