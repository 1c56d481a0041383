/// What one gateway has counted, and has not told the others: of one state of the breaker.
struct UnsentCounts: Sendable, Hashable {
  private var counts = CallCounts()
  private var epoch: Epoch?

  /// Whether there is nothing to tell.
  var isEmpty: Bool { counts.calls == 0 }

  /// Counts a call that began in a state.
  /// - Parameter current: the present state. Failures of an earlier one may still matter to those
  ///   who have not left it; successes do not.
  mutating func add(_ counted: CallCounts, under epoch: Epoch, current: Epoch) {
    if self.epoch != epoch {
      guard epoch == current || counted.failures > 0 else { return }
      counts = CallCounts()
      self.epoch = epoch
    }
    counts += counted
  }

  /// Takes out what there is to tell; nil where that is nothing.
  /// - Parameter window: what is in the window still: after a long time without a store, more may
  ///   have been counted.
  mutating func take(within window: CallCounts) -> (epoch: Epoch, counts: CallCounts)? {
    defer { self = UnsentCounts() }
    guard let epoch else { return nil }
    let bounded = CallCounts(
      calls: min(counts.calls, window.calls), failures: min(counts.failures, window.failures),
      slow: min(counts.slow, window.slow))
    return bounded.calls > 0 ? (epoch, bounded) : nil
  }

  /// Takes back what could not be told, unless calls of another state have been counted meanwhile.
  mutating func putBack(_ counts: CallCounts, under epoch: Epoch) {
    guard counts.calls > 0, self.epoch == nil || self.epoch == epoch else { return }
    self.epoch = epoch
    self.counts += counts
  }
}
