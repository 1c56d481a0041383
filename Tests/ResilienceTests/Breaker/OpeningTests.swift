import SeededRandom
import Testing

@testable import Resilience

@Suite("What opens a breaker")
struct OpeningTests {
  @Test func theFifthFailureWithinTenMinutesOpensForTenMinutes() {
    let bench = BreakerBench()
    bench.fail(4)
    #expect(bench.isAllowed)
    #expect(bench.transitions.isEmpty)
    bench.pass(minute(9))
    bench.fail()
    let until = bench.now + minute(10)
    #expect(bench.admission == .refused(.open, until: until))
    #expect(
      bench.transitions == [
        Transition(from: .closed, to: .open(until: until), reason: .failureCount, at: bench.now)
      ])
  }

  @Test func successesInBetweenDoNotHideFailures() {
    let bench = BreakerBench()
    for _ in 0..<4 {
      bench.fail()
      bench.succeed(100)
    }
    #expect(bench.isAllowed)
    bench.fail()
    #expect(!bench.isAllowed)
  }

  @Test func failuresOlderThanTheWindowAreForgotten() {
    let bench = BreakerBench()
    bench.fail(4)
    bench.pass(minute(10))
    bench.fail(4)
    #expect(bench.isAllowed)
    #expect(bench.breaker.counts(now: bench.now).failures == 4)
    bench.fail()
    #expect(!bench.isAllowed)
  }

  @Test func whatSaysNothingOfTheProviderCountsNothing() {
    let bench = BreakerBench()
    for _ in 0..<100 { bench.record(.ignored) }
    #expect(bench.isAllowed)
    #expect(bench.breaker.counts(now: bench.now).calls == 0)
    #expect(bench.transitions.isEmpty)
  }

  @Test func aShareOfFailuresOpensOnceThereAreEnoughCalls() {
    let bench = BreakerBench {
      $0.failureCount = nil
      $0.failureRate = RateRule(rate: 0.5, minimumCalls: 20)
    }
    bench.succeed(9)
    bench.fail(10)
    #expect(bench.isAllowed)
    bench.fail()
    #expect(bench.state == .open(until: bench.now + minute(10)))
    #expect(bench.transitions.map(\.reason) == [.failureRate])
  }

  @Test func aSuccessNeverOpensByTheShareOfFailures() {
    let bench = BreakerBench {
      $0.failureCount = nil
      $0.failureRate = RateRule(rate: 0.5, minimumCalls: 20)
    }
    bench.fail(10)
    bench.succeed(10)
    #expect(bench.isAllowed)
    bench.fail()
    #expect(!bench.isAllowed)
  }

  @Test func aShareOfSlowCallsOpensWhereItIsSwitchedOn() {
    let bench = BreakerBench {
      $0.slowCalls = SlowCallRule(
        threshold: .seconds(3), share: RateRule(rate: 0.5, minimumCalls: 4))
    }
    bench.succeed(2, durationMs: 3000)
    bench.succeed(1, durationMs: 3001)
    #expect(bench.isAllowed)
    bench.succeed(1, durationMs: 3001)
    #expect(bench.transitions.map(\.reason) == [.slowCalls])

    let byDefault = BreakerBench()
    byDefault.succeed(100, durationMs: 1_000_000)
    #expect(byDefault.isAllowed)
  }

  @Test func eachOpeningInARowTakesTwiceAsLongUpToTheCap() throws {
    let bench = BreakerBench()
    bench.fail(5)
    for minutes: Int64 in [10, 20, 40, 60, 60] {
      #expect(bench.state == .open(until: bench.now + minute(minutes)))
      bench.pass(minute(minutes) - 1)
      #expect(bench.takeTrial() == nil)
      bench.pass(1)
      let token = try #require(bench.takeTrial())
      bench.record(.failure, of: token.permit)
    }
    bench.pass(minute(60))
    let token = try #require(bench.takeTrial())
    bench.record(.success(durationMs: 1), of: token.permit)
    bench.fail(5)
    #expect(bench.state == .open(until: bench.now + minute(10)))
  }

  @Test func theOpenTimeIsSpreadButNeverAboveTheCap() {
    var times: Set<Int64> = []
    var last: Set<Int64> = []
    for seed in 0..<500 {
      let bench = BreakerBench { $0.openTimeJitter = 0.2 }
      bench.generator = SeededGenerator(UInt64(seed))
      for step in 0..<5 {
        if step == 0 {
          bench.fail(5)
        } else if let token = bench.takeTrial() {
          bench.record(.failure, of: token.permit)
        }
        guard case .open(let until) = bench.state else { break }
        if step == 0 { times.insert(until - bench.now) }
        if step == 4 { last.insert(until - bench.now) }
        bench.now = until
      }
    }
    #expect(times.allSatisfy { (minute(8)...minute(12)).contains($0) })
    #expect((times.min() ?? 0) < minute(8) + second(10))
    #expect((times.max() ?? 0) > minute(12) - second(10))
    #expect(!last.isEmpty && last.allSatisfy { (minute(48)...minute(60)).contains($0) })
  }

  @Test func settingsOutOfBoundsAreMovedIntoThem() {
    var settings = BreakerSettings()
    settings.failureCount = 0
    settings.window = .zero
    settings.windowBuckets = 1_000_000
    settings.openTime = .seconds(Int64.max)
    settings.openTimeGrowth = .infinity
    settings.openTimeJitter = .nan
    settings.trialLease = .seconds(-1)
    settings.failureRate = RateRule(rate: -1, minimumCalls: 0)
    let clamped = settings.clamped()
    #expect(clamped.failureCount == 1)
    #expect(clamped.window == .seconds(1))
    #expect(clamped.windowBuckets == 120)
    #expect(clamped.openTime == .seconds(86_400))
    #expect(clamped.openTimeCap == .seconds(86_400))
    #expect(clamped.openTimeGrowth == 2)
    #expect(clamped.openTimeJitter == 0.2)
    #expect(clamped.trialLease == .milliseconds(100))
    #expect(clamped.failureRate == RateRule(rate: 0.01, minimumCalls: 1))
    #expect(clamped.clamped() == clamped)
    #expect(BreakerSettings().clamped() == BreakerSettings())
  }
}
