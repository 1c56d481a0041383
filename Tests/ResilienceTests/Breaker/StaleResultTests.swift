import Resilience
import Testing

@Suite("Results of calls from before")
struct StaleResultTests {
  @Test func neitherCloseNorExtendAnOpenBreaker() {
    let bench = BreakerBench()
    let early = bench.breaker.permit
    bench.fail(5)
    let open = bench.state
    bench.pass(second(1))
    for _ in 0..<10 {
      bench.record(.success(durationMs: 1), of: early)
      bench.record(.failure, of: early)
    }
    #expect(bench.state == open)
    #expect(bench.transitions.count == 1)
  }

  @Test func doNotCountAfterTheBreakerClosedAgain() throws {
    let bench = BreakerBench()
    let early = bench.breaker.permit
    bench.openAndWait()
    let token = try #require(bench.takeTrial())
    bench.record(.failure, of: early)
    #expect(bench.breaker.isCurrent(token, now: bench.now))
    bench.record(.success(durationMs: 1), of: token.permit)
    for _ in 0..<10 { bench.record(.failure, of: early) }
    #expect(bench.isAllowed)
    #expect(bench.breaker.counts(now: bench.now).calls == 0)
  }

  @Test func whatFailedBeforeAnOpeningThatWasNotHeardOfDoesNotOpenAgain() {
    let (bench, other) = (BreakerBench(), BreakerBench())
    bench.fail(4)
    for breaker in [bench, other] { breaker.pass(minute(1)) }
    other.fail(5)
    other.transitions += other.breaker.close(now: other.now)
    for breaker in [bench, other] { breaker.pass(minute(1)) }
    bench.fail(1)
    #expect(!bench.isAllowed, "as long as it is not heard of")

    let late = BreakerBench()
    late.fail(3)
    late.pass(minute(2))
    late.fail(1)
    late.transitions += late.breaker.absorb(other.breaker.snapshot, now: late.now)
    #expect(late.breaker.counts(now: late.now).failures == 1, "what has failed since counts")
    late.fail(3)
    #expect(late.isAllowed)
    late.fail(1)
    #expect(!late.isAllowed)
  }

  @Test func callsMadeAsALastResortDecideNothing() {
    let bench = BreakerBench()
    bench.fail(5)
    let open = bench.state
    let lastResort = bench.breaker.permit
    bench.pass(second(5))
    bench.record(.failure, of: lastResort)
    bench.record(.success(durationMs: 1), of: lastResort)
    #expect(bench.state == open)
  }

  @Test func aRejectedKeyIsNewsFromWhicheverStateItComes() {
    let bench = BreakerBench()
    let early = bench.breaker.permit
    bench.fail(5)
    bench.record(.badKey, of: early)
    #expect(bench.state == .badKey(until: bench.now + minute(15)))
  }

  @Test func nothingFromBeforeAResetCounts() throws {
    let bench = BreakerBench()
    let early = bench.breaker.permit
    bench.openAndWait()
    let trial = try #require(bench.takeTrial())
    bench.transitions += bench.breaker.reset(now: bench.now)
    for outcome in [
      CallOutcome.badKey, .outOfCredit, .rateLimited(retryAfterMs: 1000), .failure, .failure,
      .failure, .failure, .failure, .success(durationMs: 1),
    ] {
      bench.record(outcome, of: early)
      bench.record(outcome, of: trial.permit)
    }
    #expect(bench.isAllowed)
    #expect(bench.breaker.counts(now: bench.now).calls == 0)
  }
}
