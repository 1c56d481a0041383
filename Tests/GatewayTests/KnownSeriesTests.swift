import Chat
import Images
import Resilience
import Testing

@testable import Gateway

@Suite("Series that are there from the start")
struct KnownSeriesTests {
  @Test("the words for failures of chat upstreams are those that attempts use")
  func failures() {
    let kinds: [AttemptFailure.Kind] = [
      .connection, .notAsked, .timeout, .broken, .status(400), .status(401), .status(402),
      .status(404), .status(429), .status(500), .status(502), .status(503), .status(504),
      .status(529), .streamError,
    ]
    #expect(Set(kinds.map { AttemptFailure($0).reason }) == Set(KnownSeries.failures))
    #expect(Set(KnownSeries.failures).count == KnownSeries.failures.count)
  }

  @Test("states, routes and ends of requests are different ones, and few")
  func words() {
    #expect(Set(BreakerState.names).count == 8)
    #expect(Set(KnownSeries.routes).count == KnownSeries.routes.count)
    let ends = KnownSeries.ends.map { "\($0.status) \($0.outcome)" }
    #expect(Set(ends).count == ends.count)
    #expect(ends.count * KnownSeries.routes.count < 200)
  }

  @Test("what was counted stays, and the rest is 0")
  func prepared() {
    let known = KnownSeries(upstreams: ["one", "two"], models: [])
    var series = SeriesCounts()
    series.add(Series(.retries, "one", "broken"), 3)
    known.prepare(&series)
    #expect(series.counts[Series(.retries, "one", "broken")] == 3)
    #expect(series.counts[Series(.retries, "two", "broken")] == 0)
    #expect(series.counts[Series(.fallbacks, "two", "busy")] == 0)
    #expect(series.counts[Series(.toolCalls, "edit_image", "made")] == 0)
    var figures = LoopMetrics.Figures()
    known.prepare(&figures)
    known.prepare(&figures)
    let results = figures.upstreams.entries.filter { $0.key.upstream == "two" }
    #expect(results.count == KnownSeries.failures.count + 2)
    #expect(figures.requests.entries.allSatisfy { $0.value.count == 0 })
  }
}
