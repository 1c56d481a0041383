/// How the calls of the last five minutes went: their number, the share that succeeded, and how
/// long the successful ones took. Memory is constant, about 12 KiB.
package struct LatencyWindow: Sendable, Hashable {
  private static let bucketCount: Int64 = 10
  private static let bucketLength: Int64 = 30_000

  private struct Bucket: Sendable, Hashable {
    var number: Int64 = -1
    var failures = 0
    var durations = LatencyHistogram()
  }

  private var buckets = Array(repeating: Bucket(), count: Int(bucketCount))

  /// A window without calls.
  package init() {}

  /// Counts a successful call that took `durationMs` and ended at `now`, both in milliseconds.
  package mutating func addSuccess(durationMs: Int64, now: Int64) {
    buckets[bucket(now: now)].durations.add(durationMs)
  }

  /// Counts a failed call that ended at `now`. How long it took is not looked at: a refused
  /// connection would make a broken provider look fast.
  package mutating func addFailure(now: Int64) {
    buckets[bucket(now: now)].failures += 1
  }

  /// The calls that are in the window at `now`. A call leaves it 4.5 to 5 minutes after its end.
  package func summary(now: Int64) -> LatencySummary {
    let current = Self.number(of: now)
    var durations = LatencyHistogram()
    var failures = 0
    for bucket in buckets
    where bucket.number > current - Self.bucketCount && bucket.number <= current {
      durations.add(bucket.durations)
      failures += bucket.failures
    }
    return LatencySummary(
      successes: durations.count, failures: failures, p50: durations.percentile(0.5),
      p90: durations.percentile(0.9), p99: durations.percentile(0.99))
  }

  private mutating func bucket(now: Int64) -> Int {
    let number = Self.number(of: now)
    let slot = Int(number % Self.bucketCount)
    if buckets[slot].number != number { buckets[slot] = Bucket(number: number) }
    return slot
  }

  private static func number(of now: Int64) -> Int64 { max(0, now) / bucketLength }
}

/// What a ``LatencyWindow`` says.
package struct LatencySummary: Sendable, Hashable {
  /// Calls that succeeded.
  package let successes: Int
  /// Calls that failed.
  package let failures: Int
  /// The time in milliseconds that half of the successful calls took at most; nil: there are none.
  package let p50: Int64?
  /// The same for 90 %.
  package let p90: Int64?
  /// The same for 99 %.
  package let p99: Int64?

  /// All calls.
  package var calls: Int { successes + failures }

  /// The share of calls that succeeded, 0 to 1; nil: there are none.
  package var successRate: Double? {
    calls == 0 ? nil : Double(successes) / Double(calls)
  }
}
