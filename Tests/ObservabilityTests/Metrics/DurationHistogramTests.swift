import Testing

@testable import Observability

@Suite("Durations in buckets")
struct DurationHistogramTests {
  @Test("a duration counts in the first bucket whose bound it does not pass")
  func bounds() {
    for (index, bound) in DurationHistogram.bounds.enumerated() {
      for (nanoseconds, bucket) in [(bound, index), (bound + 1, index + 1)] {
        var histogram = DurationHistogram()
        histogram.add(.nanoseconds(nanoseconds))
        #expect(histogram.counts.firstIndex(of: 1) == bucket, "\(nanoseconds) ns")
        #expect(histogram.count == 1)
      }
    }
    #expect(DurationHistogram.bounds == DurationHistogram.bounds.sorted())
    #expect(Set(DurationHistogram.bounds).count == DurationHistogram.bounds.count)
  }

  @Test("a clock that goes back is no duration")
  func negative() {
    var histogram = DurationHistogram()
    histogram.add(.seconds(-5))
    #expect(histogram.counts[0] == 1)
    #expect(histogram.nanoseconds == 0)
  }

  @Test("sums are exact, and the parts of several loops add up to the whole", arguments: 0..<20)
  func addition(_: Int) {
    var whole = DurationHistogram()
    var parts = [DurationHistogram](repeating: DurationHistogram(), count: 4)
    var sum = 0
    for _ in 0..<2000 {
      // Over all sizes: a nanosecond to about 18 minutes.
      let nanoseconds = Int.random(in: 0...1) << Int.random(in: 0...40) + Int.random(in: 0...1000)
      sum += nanoseconds
      whole.add(.nanoseconds(nanoseconds))
      parts[Int.random(in: 0..<4)].add(.nanoseconds(nanoseconds))
    }
    #expect(whole.nanoseconds == sum)
    #expect(whole.count == 2000)
    #expect(parts.reduce(into: DurationHistogram()) { $0 += $1 } == whole)
  }

  @Test(
    "durations become nanoseconds, rounded towards zero",
    arguments: [
      (Duration.zero, 0), (.nanoseconds(1), 1), (.nanoseconds(-1), -1),
      (Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999), 1),
      (Duration(secondsComponent: 0, attosecondsComponent: -1_999_999_999), -1),
      // About where the faster way ends.
      (.seconds(4722), 4_722_000_000_000), (.seconds(4723), 4_723_000_000_000),
      (.seconds(86_400 * 365), 31_536_000_000_000_000),
      (.seconds(Int64.max), Int.max), (.seconds(-Int64.max), Int.min),
    ])
  func nanoseconds(duration: Duration, expected: Int) {
    #expect(duration.nanoseconds == expected)
  }

  @Test("its buckets on a page grow, and the last one is its count")
  func page() {
    var histogram = DurationHistogram()
    for milliseconds in [0, 1, 3, 40, 40, 2000, 400_000] {
      histogram.add(.milliseconds(milliseconds))
    }
    var writer = MetricsWriter(.text)
    writer.family("x", .histogram, "X")
    writer.histogram([], histogram)
    let lines = String(decoding: writer.finished(), as: UTF8.self).split(separator: "\n").dropFirst(
      2)
    let values = lines.map { $0.split(separator: " ")[1] }
    let buckets = values.prefix(DurationHistogram.bounds.count + 1).compactMap { Int($0) }
    #expect(buckets == buckets.sorted())
    #expect(buckets.first == 2)
    #expect(buckets.last == 7)
    #expect(values.suffix(2) == ["402.084", "7"])
  }
}
