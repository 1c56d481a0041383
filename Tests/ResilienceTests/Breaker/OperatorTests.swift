import Resilience
import SeededRandom
import Testing

@Suite("What an operator and a health check can do")
struct OperatorTests {
  @Test func forcedOpenRefusesUntilItIsLifted() {
    let bench = BreakerBench()
    bench.transitions += bench.breaker.forceOpen(now: bench.now)
    #expect(bench.admission == .refused(.forcedOpen, until: nil))
    bench.pass(minute(100_000))
    #expect(bench.admission == .refused(.forcedOpen, until: nil))
    let again = bench.breaker.forceOpen(now: bench.now)
    #expect(again.isEmpty)
    bench.transitions += bench.breaker.liftOverride(now: bench.now)
    #expect(bench.isAllowed)
    #expect(bench.transitions.map(\.to) == [.forcedOpen, .closed])
    #expect(bench.transitions.map(\.reason) == [.manual, .manual])
  }

  @Test func forcedClosedLetsEverythingPassButTheBreakerKeepsWatching() {
    let bench = BreakerBench()
    _ = bench.breaker.forceClosed(now: bench.now)
    bench.record(.badKey)
    bench.fail(5)
    #expect(bench.isAllowed)
    #expect(bench.state == .forcedClosed)
    #expect(bench.takeTrial() == nil)
    _ = bench.breaker.liftOverride(now: bench.now)
    #expect(bench.admission == .refused(.badKey, until: bench.now + minute(15)))
    bench.pass(minute(15))
    #expect(bench.admission == .trialAvailable)
  }

  @Test func openingByHandIsAnOrdinaryOpening() throws {
    let bench = BreakerBench()
    var generator = SeededGenerator(3)
    bench.transitions += bench.breaker.open(now: bench.now, using: &generator)
    #expect(bench.admission == .refused(.open, until: bench.now + minute(10)))
    bench.pass(minute(10))
    let token = try #require(bench.takeTrial())
    bench.record(.success(durationMs: 1), of: token.permit)
    #expect(bench.isAllowed)
  }

  @Test func closingByHandVoidsARunningTrial() throws {
    let bench = BreakerBench()
    bench.openAndWait()
    let token = try #require(bench.takeTrial())
    bench.transitions += bench.breaker.close(now: bench.now)
    #expect(bench.isAllowed)
    bench.record(.failure, of: token.permit)
    #expect(bench.isAllowed)
    let again = bench.breaker.close(now: bench.now)
    #expect(again.isEmpty)
  }

  @Test func aHealthCheckClosesOnlyTheStateThatItBeganIn() {
    let bench = BreakerBench()
    let before = bench.breaker.snapshot.epoch
    bench.fail(5)
    let during = bench.breaker.snapshot.epoch
    let tooLate = bench.breaker.close(
      provenUnder: before, now: bench.now, reason: .healthCheck)
    #expect(tooLate.isEmpty)
    #expect(!bench.isAllowed)
    let made = bench.breaker.close(
      provenUnder: during, now: bench.now, reason: .healthCheck)
    #expect(made.map(\.reason) == [.healthCheck])
    #expect(bench.isAllowed)
  }

  @Test func aResetForgetsEverything() {
    let bench = BreakerBench()
    bench.fail(5)
    bench.record(.outOfCredit)
    bench.record(.badKey)
    _ = bench.breaker.forceOpen(now: bench.now)
    let made = bench.breaker.reset(now: bench.now)
    #expect(made.map(\.to) == [.closed])
    #expect(bench.isAllowed)
    #expect(bench.breaker.counts(now: bench.now).calls == 0)
    bench.fail(4)
    #expect(bench.isAllowed)
    bench.fail()
    #expect(bench.state == .open(until: bench.now + minute(10)))
  }

  @Test func everyStateHasAName() {
    let names = [
      BreakerState.closed, .open(until: 0), .halfOpen(owner: "a", leaseUntil: 0),
      .coolingDown(until: 0), .badKey(until: 0), .noCredit(until: 0), .forcedOpen, .forcedClosed,
    ].map(\.name)
    #expect(Set(names).count == 8)
    #expect(names.contains("half_open"))
  }
}
