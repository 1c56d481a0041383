/// What one gateway has counted, and has not told the others: of the present state of the breaker, and
/// of an earlier one whose last calls have ended since.
struct UnsentCounts: Sendable, Hashable {
  /// What was counted in one state.
  struct Part: Sendable, Hashable {
    let epoch: Epoch
    var counts: CallCounts
  }

  /// The state that was counted in last comes last.
  private var parts: [Part] = []

  /// States that are remembered.
  private static let capacity = 2

  /// Whether there is nothing to tell.
  var isEmpty: Bool { parts.isEmpty }

  /// Counts a call that began in a state.
  /// - Parameter current: the present state. Failures of an earlier one may still matter to those
  ///   who have not left it; successes do not.
  mutating func add(_ counted: CallCounts, under epoch: Epoch, current: Epoch) {
    guard counted.calls > 0, epoch == current || counted.failures > 0 else { return }
    put(counted, epoch, current)
  }

  /// Takes out what there is to tell, of the earlier state first.
  /// - Parameters:
  ///   - window: what is in the window still: after a long time without a store, more may have been
  ///     counted.
  ///   - current: the present state, which the window is of.
  mutating func take(within window: CallCounts, current: Epoch) -> [Part] {
    defer { parts = [] }
    return parts.compactMap { part in
      guard part.epoch == current else { return part }
      let counts = CallCounts(
        calls: min(part.counts.calls, window.calls),
        failures: min(part.counts.failures, window.failures),
        slow: min(part.counts.slow, window.slow))
      return counts.calls > 0 ? Part(epoch: current, counts: counts) : nil
    }
  }

  /// Takes back what could not be told.
  /// - Parameter current: the present state.
  mutating func putBack(_ part: Part, current: Epoch) {
    add(part.counts, under: part.epoch, current: current)
  }

  private mutating func put(_ counts: CallCounts, _ epoch: Epoch, _ current: Epoch) {
    if let index = parts.firstIndex(where: { $0.epoch == epoch }) {
      parts[index].counts += counts
    } else {
      parts.append(Part(epoch: epoch, counts: counts))
    }
    // What was counted in the present state stays.
    guard parts.count > Self.capacity else { return }
    parts.remove(at: parts[0].epoch == current ? 1 : 0)
  }
}
