import Resilience
import Testing

@Suite("Pauses: cool-down, bad key, no credit")
struct PauseTests {
  @Test func a429IsNoFailure() {
    let bench = BreakerBench()
    for _ in 0..<100 {
      bench.record(.rateLimited(retryAfterMs: 1000))
    }
    #expect(bench.admission == .refused(.coolingDown, until: bench.now + 1000))
    #expect(bench.breaker.counts(now: bench.now).calls == 0)
    bench.pass(1000)
    #expect(bench.isAllowed)
    #expect(bench.transitions.map(\.reason) == [.rateLimited])
  }

  @Test func aShorterHintNeverShortensALongerOne() {
    let bench = BreakerBench()
    bench.record(.rateLimited(retryAfterMs: 60_000))
    let until = bench.now + 60_000
    bench.pass(1000)
    bench.record(.rateLimited(retryAfterMs: 1))
    bench.record(.rateLimited(retryAfterMs: nil))
    bench.record(.rateLimited(retryAfterMs: 0))
    bench.record(.rateLimited(retryAfterMs: -5))
    #expect(bench.state == .coolingDown(until: until))
    bench.record(.rateLimited(retryAfterMs: 120_000))
    #expect(bench.state == .coolingDown(until: bench.now + 120_000))
  }

  @Test func withoutAHintTheDefaultHoldsAndNoHintIsBelievedForLongerThanTheCap() {
    let bench = BreakerBench()
    bench.record(.rateLimited(retryAfterMs: nil))
    #expect(bench.state == .coolingDown(until: bench.now + 5000))
    bench.record(.rateLimited(retryAfterMs: .max))
    #expect(bench.state == .coolingDown(until: bench.now + minute(60)))
  }

  @Test func aTimeThatIsOverSaysNoMoreThanNone() {
    for hint: Int64 in [0, -1] {
      let bench = BreakerBench()
      bench.record(.rateLimited(retryAfterMs: hint))
      #expect(bench.admission == .refused(.resting, until: bench.now + 5000))
    }
  }

  @Test func aFailureThatSaysWhenToComeBackIsAFailureAndAPause() {
    let bench = BreakerBench()
    let permit = bench.breaker.permit
    bench.record(.unavailable(retryAfterMs: 3000))
    #expect(bench.admission == .refused(.coolingDown, until: bench.now + 3000))
    #expect(bench.breaker.counts(now: bench.now).failures == 1)
    #expect(bench.transitions.map(\.reason) == [.askedToWait])
    bench.record(.unavailable(retryAfterMs: .max), of: permit)
    #expect(bench.state == .coolingDown(until: bench.now + minute(60)), "as after a 429")
    for _ in 0..<3 { bench.record(.unavailable(retryAfterMs: 0), of: permit) }
    #expect(bench.state == .open(until: bench.now + minute(10)))
    #expect(bench.admission == .refused(.open, until: bench.now + minute(60)))
  }

  @Test func aTrialThatFailsAndSaysWhenToComeBackOpensAgainForThatLongAtLeast() throws {
    let bench = BreakerBench()
    bench.openAndWait()
    let token = try #require(bench.takeTrial())
    bench.record(.unavailable(retryAfterMs: minute(50)), of: token.permit)
    #expect(bench.state == .open(until: bench.now + minute(20)))
    #expect(bench.admission == .refused(.open, until: bench.now + minute(50)))
  }

  @Test func aRestThatNobodyAskedForKeepsNobodyBackWhoNeedsIt() {
    let bench = BreakerBench()
    func admitsNeeded() -> Bool {
      bench.breaker.admission(now: bench.now, isNeeded: true) == .allowed(bench.breaker.permit)
    }
    bench.record(.rateLimited(retryAfterMs: nil))
    #expect(bench.admission == .refused(.resting, until: bench.now + 5000))
    #expect(bench.state == .coolingDown(until: bench.now + 5000))
    #expect(admitsNeeded())
    let other = BreakerBench()
    _ = other.breaker.absorb(bench.breaker.snapshot, now: other.now)
    #expect(other.isAllowed, "others find out by themselves")
    bench.record(.rateLimited(retryAfterMs: 1000))
    #expect(!admitsNeeded(), "now it was asked for")
    bench.pass(1000)
    #expect(!bench.isAllowed && admitsNeeded())
    bench.record(.outOfCredit)
    #expect(!admitsNeeded())
  }

  @Test func aTrialThatIsToldToComeLaterMayBeRepeated() throws {
    let bench = BreakerBench()
    bench.openAndWait()
    let token = try #require(bench.takeTrial())
    bench.record(.rateLimited(retryAfterMs: nil), of: token.permit)
    #expect(bench.admission == .refused(.resting, until: bench.now + 5000))
    #expect(bench.breaker.admission(now: bench.now, isNeeded: true) == .trialAvailable)
    #expect(bench.breaker.beginClaim(owner: "a", now: bench.now) == nil)
    #expect(bench.breaker.beginClaim(owner: "a", now: bench.now, isNeeded: true) != nil)
  }

  @Test func aBadKeyHoldsForFifteenMinutesAndNoCreditForThirty() {
    let bench = BreakerBench()
    bench.record(.badKey)
    #expect(bench.admission == .refused(.badKey, until: bench.now + minute(15)))
    let permit = bench.breaker.permit
    bench.record(.outOfCredit, of: permit)
    #expect(bench.state == .badKey(until: bench.now + minute(15)))
    #expect(bench.admission == .refused(.badKey, until: bench.now + minute(30)))
    bench.pass(minute(15))
    #expect(bench.admission == .refused(.noCredit, until: bench.now + minute(15)))
    bench.pass(minute(15))
    #expect(bench.isAllowed)
  }

  @Test func failuresDuringACoolDownStillOpen() {
    let bench = BreakerBench()
    let permit = bench.breaker.permit
    bench.record(.rateLimited(retryAfterMs: 1000))
    for _ in 0..<5 { bench.record(.failure, of: permit) }
    #expect(bench.state == .open(until: bench.now + minute(10)))
    #expect(bench.transitions.last?.from == .coolingDown(until: bench.now + 1000))
  }

  @Test func theRefusalLastsAsLongAsTheLongestObstacle() {
    let bench = BreakerBench()
    bench.record(.rateLimited(retryAfterMs: minute(40)))
    let permit = bench.breaker.permit
    for _ in 0..<5 { bench.record(.failure, of: permit) }
    #expect(bench.admission == .refused(.open, until: bench.now + minute(40)))
    bench.pass(minute(10))
    #expect(bench.admission == .refused(.coolingDown, until: bench.now + minute(30)))
    #expect(bench.takeTrial() == nil)
    bench.pass(minute(30))
    #expect(bench.admission == .trialAvailable)
  }
}
