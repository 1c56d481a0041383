/// What one gateway has told the others of the present state of the breaker, by the parts of the window:
/// where they know less, what they knew is lost.
struct SentCounts: Sendable {
  private var epoch: Epoch?
  private var parts: [Int64: CallCounts] = [:]

  /// Notes that counts have arrived in a part of the window.
  /// - Parameter window: how many parts it has.
  mutating func add(_ counts: CallCounts, under epoch: Epoch, in part: Int64, of window: Int64) {
    if self.epoch != epoch {
      self.epoch = epoch
      parts = [:]
    }
    parts[part, default: CallCounts()] += counts
    parts = parts.filter { $0.key > part - window }
  }

  /// Takes out what is missing in a sum of all gateways' counts, up to a part of the window: what was
  /// sent is not in it. What others have sent may be missing, too, and is theirs to send again.
  /// - Parameter last: what the sum was asked for with, and holds.
  mutating func takeMissing(
    in total: CallCounts, after last: CallCounts, under epoch: Epoch, in part: Int64,
    of window: Int64
  ) -> CallCounts? {
    guard self.epoch == epoch else { return nil }
    var sent = CallCounts()
    // The oldest part may be forgotten already, where another gateway's clock is ahead.
    for (number, counts) in parts where number <= part && number > part - window + 1 {
      sent += counts
    }
    let missing = CallCounts(
      calls: max(0, sent.calls - total.calls), failures: max(0, sent.failures - total.failures),
      slow: max(0, sent.slow - total.slow))
    guard missing != CallCounts() else { return nil }
    parts = [part: last]
    return CallCounts(
      calls: max(missing.calls, missing.failures + missing.slow), failures: missing.failures,
      slow: missing.slow)
  }
}
