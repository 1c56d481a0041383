import SeededRandom
import Testing

@testable import Resilience

@Suite("The window of exact counts")
struct FailureWindowTests {
  /// Against a list of everything that was ever counted.
  @Test func countsAsAListWould() {
    var generator = SeededGenerator(7)
    for length in [10, 13, 60] {
      var window = FailureWindow(length: Int64(length) * 100, buckets: length)
      var list: [(bucket: Int64, failed: Bool, slow: Bool)] = []
      var now: Int64 = 5000
      for _ in 0..<5000 {
        now += Int64.random(in: 0...120, using: &generator)
        if Int.random(in: 0..<200, using: &generator) == 0 { now += Int64(length) * 150 }
        let (failed, slow) = (Bool.random(using: &generator), Bool.random(using: &generator))
        if failed { window.addFailure(now: now) } else { window.addSuccess(slow: slow, now: now) }
        list.append((now / 100, failed, slow))
        let later = now + Int64.random(in: 0...2000, using: &generator)
        for time in [now, later] {
          let kept = list.filter { $0.bucket > time / 100 - Int64(length) }
          let counts = window.counts(now: time)
          let failures = kept.count { $0.failed }
          let slowCalls = kept.count { !$0.failed && $0.slow }
          guard counts.failures == failures, counts.calls == kept.count, counts.slow == slowCalls
          else {
            Issue.record("\(counts) at \(time), expected \(failures) of \(kept.count)")
            return
          }
        }
        list.removeAll { $0.bucket <= now / 100 - Int64(length) }
      }
    }
  }

  @Test func aClockSetBackALittleLosesNothing() {
    var window = FailureWindow(length: 1000, buckets: 10)
    window.addFailure(now: 10_000)
    window.addFailure(now: 9500)
    #expect(window.counts(now: 9500).failures == 2)
    #expect(window.counts(now: 10_000).failures == 2)
    #expect(window.counts(now: 10_500).failures == 1)
  }

  @Test func aClockSetBackByMoreThanTheWindowStartsAnew() {
    var window = FailureWindow(length: 1000, buckets: 10)
    window.addFailure(now: 1_000_000)
    window.addFailure(now: 5000)
    #expect(window.counts(now: 5000).failures == 1)
    #expect(window.counts(now: 5999).failures == 1)
    #expect(window.counts(now: 6000).failures == 0)
  }

  @Test func anOddTimeIsNoCrash() {
    var window = FailureWindow(length: 1000, buckets: 10)
    for now in [Int64.min, -1, 0, .max, 0, .min] { window.addFailure(now: now) }
    #expect(window.counts(now: 0).failures > 0)
    #expect(window.counts(now: .max).failures == 0)
  }
}
