import Observability
import Testing

@testable import Gateway

@Suite("Counts by series")
struct SeriesCountsTests {
  @Test("series that are too many are counted as one, so that the sum stays right")
  func bound() {
    var counts = SeriesCounts()
    for number in 0..<5000 { counts.add(Series(.images, "provider", "model-\(number)")) }
    for _ in 0..<3 { counts.add(Series(.images, "provider", "model-7")) }
    // Another family has room of its own.
    counts.add(Series(.toolCalls, "generate_image", "made"))
    #expect(counts.counts.count == 1002)
    #expect(counts.counts[Series(.images, "other", "other")] == 4000)
    #expect(counts.counts[Series(.images, "provider", "model-7")] == 4)
    #expect(counts.counts[Series(.toolCalls, "generate_image", "made")] == 1)
    #expect(
      counts.counts.filter { $0.key.family == .images }.values.reduce(0, +) == 5003)
  }

  @Test("a series that is known from the start is there with 0, as long as there is room")
  func prepared() {
    var counts = SeriesCounts()
    counts.add(Series(.images, "p", "m"))
    counts.prepare(Series(.images, "p", "m"))
    counts.prepare(Series(.images, "p", "n"))
    #expect(counts.counts == [Series(.images, "p", "m"): 1, Series(.images, "p", "n"): 0])
    for number in 0..<5000 { counts.prepare(Series(.images, "p", "model-\(number)")) }
    #expect(counts.counts.count == 1000)
    counts.add(Series(.images, "p", "late"))
    #expect(counts.counts[Series(.images, "other", "other")] == 1)
  }

  @Test("dollars add up exactly")
  func dollars() {
    var counts = SeriesCounts()
    let series = Series(.imageCost, "p", "m")
    for _ in 0..<3 { counts.add(series, dollars: 0.1) }
    for _ in 0..<1000 { counts.add(series, dollars: 0.04) }
    var writer = MetricsWriter(.text)
    counts.write(to: &writer)
    let page = String(decoding: writer.finished(), as: UTF8.self)
    #expect(page.contains(#"easel_image_cost_dollars_total{provider="p",model="m"} 40.3"# + "\n"))
  }

  @Test(
    "an amount that no picture can cost is not counted",
    arguments: [1e300, .infinity, -.infinity, .nan, -0.01, 1_000_001])
  func implausible(dollars: Double) {
    var counts = SeriesCounts()
    counts.add(Series(.imageCost, "p", "m"), dollars: dollars)
    #expect(counts.counts.isEmpty)
  }

  @Test("every family has a name of Prometheus's letters, and at least one label")
  func families() {
    let names = Series.Family.allCases.map(\.name)
    #expect(Set(names).count == names.count)
    for family in Series.Family.allCases {
      #expect(family.name.allSatisfy { $0.isASCII && ($0.isLowercase || $0 == "_") })
      #expect(!family.name.hasSuffix("_total"))
      #expect(!family.labels.isEmpty)
      #expect(!family.help.contains("\n") && !family.help.contains("\\"))
    }
  }
}
