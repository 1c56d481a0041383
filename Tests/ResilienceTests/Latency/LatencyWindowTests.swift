import SeededRandom
import Testing

@testable import Resilience

@Suite("How the last five minutes went")
struct LatencyWindowTests {
  @Test func withoutCallsThereIsNothingToSay() {
    let summary = LatencyWindow().summary(now: 1_000_000)
    #expect(summary.calls == 0)
    #expect(summary.successRate == nil)
    #expect(summary.p50 == nil && summary.p90 == nil && summary.p99 == nil)
  }

  @Test func countsAndShares() {
    var window = LatencyWindow()
    for duration in 1...10 { window.addSuccess(durationMs: Int64(duration), now: 1000) }
    for _ in 0..<30 { window.addFailure(now: 1000) }
    let summary = window.summary(now: 1000)
    #expect(summary.successes == 10)
    #expect(summary.failures == 30)
    #expect(summary.successRate == 0.25)
    #expect(summary.p50 == 5)
    #expect(summary.p90 == 9)
    #expect(summary.p99 == 10)
  }

  @Test func callsAreForgottenAfterFiveMinutes() {
    var window = LatencyWindow()
    window.addSuccess(durationMs: 5, now: 0)
    window.addFailure(now: minute(2))
    #expect(window.summary(now: minute(5) - 1).calls == 2)
    #expect(window.summary(now: minute(5)).calls == 1)
    #expect(window.summary(now: minute(7)).calls == 0)
    window.addFailure(now: minute(600))
    #expect(window.summary(now: minute(600)).calls == 1)
  }

  @Test(arguments: 1...10) func percentilesAreWithinAThirtySecondOfTheExactOnes(seed: UInt64) {
    var generator = SeededGenerator(seed)
    var window = LatencyWindow()
    var durations: [Int64] = []
    for index in 0..<2000 {
      let exponent = Int64.random(in: 0...21, using: &generator)
      let duration = Int64.random(in: 0...(1 << exponent), using: &generator)
      durations.append(duration)
      window.addSuccess(durationMs: duration, now: Int64(index) * 140)
    }
    durations.sort()
    let summary = window.summary(now: 2000 * 140)
    for (share, found) in [(0.5, summary.p50), (0.9, summary.p90), (0.99, summary.p99)] {
      let rank = Int((share * 2000).rounded(.up)) - 1
      let exact = Double(durations[rank])
      #expect(abs(Double(found ?? -1) - exact) <= exact / 32, "\(share)")
    }
  }

  @Test func everyDurationHasASlotThatHoldsIt() {
    for base in [0, 15, 16, 31, 32, 33, 63, 64, 1023, 1024, 3_599_999, 3_600_000] as [Int64] {
      var histogram = LatencyHistogram()
      histogram.add(base)
      let found = histogram.percentile(1) ?? -1
      #expect(abs(found - base) * 32 <= base, "\(base) became \(found)")
    }
  }

  @Test func oddValuesAreNoCrash() {
    var window = LatencyWindow()
    for value in [Int64.min, -1, 0, .max] {
      window.addSuccess(durationMs: value, now: 0)
      window.addSuccess(durationMs: 1, now: value)
    }
    let summary = window.summary(now: 0)
    #expect(summary.successes == 7)
    #expect((summary.p99 ?? 0) <= 3_700_000)
    #expect(window.summary(now: .max).successes == 1)
  }
}
