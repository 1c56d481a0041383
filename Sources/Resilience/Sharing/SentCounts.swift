/// What one gateway has told the others of the present state of the breaker, by the parts of the window:
/// where they know less, what they knew is lost.
struct SentCounts: Sendable {
  private var epoch: Epoch?
  private var parts: [Int64: CallCounts] = [:]

  /// Notes that counts have arrived.
  /// - Parameter number: of the last part that has left the window.
  mutating func add(_ part: UnsentCounts.Part, after number: Int64) {
    if epoch != part.epoch {
      epoch = part.epoch
      parts = [:]
    }
    parts[part.number, default: CallCounts()] += part.counts
    parts = parts.filter { $0.key > number }
  }

  /// Takes out what is missing in a sum of all gateways' counts, the newest of it: what was sent is not
  /// in it. What others have sent may be missing, too, and is theirs to send again.
  /// - Parameters:
  ///   - last: what the sum was asked for with, and holds.
  ///   - number: of the last part that has left the window.
  mutating func takeMissing(
    in total: CallCounts, last: UnsentCounts.Part, after number: Int64
  ) -> [UnsentCounts.Part] {
    guard epoch == last.epoch else { return [] }
    // The oldest part may be forgotten already, where another gateway's clock is ahead.
    let known = parts.filter { $0.key > number + 1 && $0.key <= last.number }
    let sent = known.values.reduce(into: CallCounts()) { $0 += $1 }
    var missing = CallCounts(
      calls: max(0, sent.calls - total.calls), failures: max(0, sent.failures - total.failures),
      slow: max(0, sent.slow - total.slow))
    var lost: [UnsentCounts.Part] = []
    for (number, counts) in known.sorted(by: { $0.key > $1.key }) {
      // What came last has arrived.
      var earlier = counts
      if number == last.number { earlier -= last.counts }
      let part = earlier.bounded(by: missing)
      guard part != CallCounts() else { continue }
      missing -= part
      lost.append(UnsentCounts.Part(epoch: last.epoch, number: number, counts: part))
    }
    guard !lost.isEmpty else { return [] }
    parts = [last.number: last.counts]
    return lost
  }
}

extension CallCounts {
  fileprivate func bounded(by other: CallCounts) -> CallCounts {
    let (failures, slow) = (min(failures, other.failures), min(slow, other.slow))
    return CallCounts(
      calls: max(failures + slow, min(calls, other.calls)), failures: failures, slow: slow)
  }

  fileprivate static func -= (left: inout CallCounts, right: CallCounts) {
    left.calls = max(0, left.calls - right.calls)
    left.failures -= right.failures
    left.slow -= right.slow
  }
}
