/// Durations, counted in buckets of fixed bounds: from a millisecond to five minutes. A value: whoever
/// keeps one adds to it without a lock, and several are added up when they are looked at.
package struct DurationHistogram: Sendable, Equatable {
  /// Upper bounds in milliseconds. A literal, which takes no look whether it was made before.
  private static let milliseconds: [Int] = [
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000,
  ]

  /// Upper bounds in nanoseconds, each included.
  package static var bounds: [Int] { milliseconds.map { $0 * 1_000_000 } }

  /// One more than there are bounds.
  private var buckets = InlineArray<18, Int>(repeating: 0)
  /// All durations together.
  package private(set) var nanoseconds = 0

  /// No durations.
  package init() {}

  /// For each bound the durations between it and the one before; then those beyond the last.
  package var counts: [Int] { buckets.indices.map { buckets[$0] } }

  /// How many durations there are.
  package var count: Int { counts.reduce(0, +) }

  /// Counts a duration.
  package mutating func add(_ duration: Duration) {
    let length = max(0, duration.nanoseconds)
    var index = 0
    while index < Self.milliseconds.count, Self.milliseconds[index] * 1_000_000 < length {
      index += 1
    }
    buckets[index] += 1
    nanoseconds &+= length
  }

  /// Adds what another one has counted.
  package static func += (left: inout DurationHistogram, right: DurationHistogram) {
    for index in left.buckets.indices { left.buckets[index] += right.buckets[index] }
    left.nanoseconds &+= right.nanoseconds
  }

  package static func == (one: DurationHistogram, other: DurationHistogram) -> Bool {
    one.counts == other.counts && one.nanoseconds == other.nanoseconds
  }
}
