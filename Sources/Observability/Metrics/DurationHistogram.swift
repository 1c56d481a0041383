/// Durations, counted in buckets of fixed bounds: from a millisecond to five minutes. A value: whoever
/// keeps one adds to it without a lock, and several are added up when they are looked at.
package struct DurationHistogram: Sendable, Hashable {
  /// Upper bounds in nanoseconds, each included.
  package static let bounds: [Int] = [
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000,
  ].map { $0 * 1_000_000 }

  /// For each bound the durations between it and the one before; then those beyond the last.
  package private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
  /// All durations together.
  package private(set) var nanoseconds = 0

  /// No durations.
  package init() {}

  /// How many durations there are.
  package var count: Int { counts.reduce(0, +) }

  /// Counts a duration.
  package mutating func add(_ duration: Duration) {
    let length = max(0, Int(clamping: duration.attoseconds / 1_000_000_000))
    var index = 0
    while index < Self.bounds.count, Self.bounds[index] < length { index += 1 }
    counts[index] += 1
    nanoseconds &+= length
  }

  /// Adds what another one has counted.
  package static func += (left: inout DurationHistogram, right: DurationHistogram) {
    for index in left.counts.indices { left.counts[index] += right.counts[index] }
    left.nanoseconds &+= right.nanoseconds
  }
}
