/// What one gateway has counted, and has not told the others: by the parts of the window, and by the
/// states of the breaker. Failures of an earlier state may still matter to those who have not left it.
struct UnsentCounts: Sendable, Hashable {
  /// What was counted in one state, in one part of the window.
  struct Part: Sendable, Hashable {
    let epoch: Epoch
    /// The number of the part. What is told late must not count for longer than the window.
    let number: Int64
    var counts: CallCounts
  }

  /// By their numbers.
  private var parts: [Part] = []

  /// Parts that are remembered: of the longest window, and of the state before.
  private static let capacity = 128

  /// Whether there is nothing to tell.
  var isEmpty: Bool { parts.isEmpty }

  /// Counts calls that began in a state; successes only those of the present one.
  mutating func add(_ part: Part, current: Epoch) {
    guard part.counts.calls > 0, part.epoch == current || part.counts.failures > 0 else { return }
    if let index = parts.firstIndex(where: { $0.epoch == part.epoch && $0.number == part.number }) {
      parts[index].counts += part.counts
      return
    }
    let index = parts.firstIndex { $0.number > part.number } ?? parts.endIndex
    parts.insert(part, at: index)
    guard parts.count > Self.capacity else { return }
    // Of the oldest that of an earlier state, if there is one.
    parts.remove(at: parts.firstIndex { $0.epoch != current } ?? parts.startIndex)
  }

  /// Takes out what there is to tell, the oldest first.
  /// - Parameter number: of the last part that has left the window.
  mutating func take(after number: Int64) -> [Part] {
    defer { parts = [] }
    return parts.filter { $0.number > number }
  }
}
