import Resilience
import Testing

@Suite("The trial of an open breaker")
struct TrialTests {
  @Test func thereIsNoneBeforeItsTimeAndOnlyOneAfter() throws {
    let bench = BreakerBench()
    #expect(bench.takeTrial() == nil)
    bench.fail(5)
    bench.pass(minute(10) - 1)
    #expect(bench.takeTrial() == nil)
    bench.pass(1)
    #expect(bench.admission == .trialAvailable)
    let token = try #require(bench.takeTrial(owner: "one"))
    #expect(token.leaseUntil == bench.now + second(30))
    for _ in 0..<1000 { #expect(bench.takeTrial(owner: "other") == nil) }
    #expect(bench.admission == .refused(.trialRunning, until: token.leaseUntil))
    #expect(bench.state == .halfOpen(owner: "one", leaseUntil: token.leaseUntil))
    #expect(bench.transitions.last?.reason == .trialTaken)
  }

  @Test func aSuccessClosesAndForgetsTheFailures() throws {
    let bench = BreakerBench()
    bench.openAndWait()
    let token = try #require(bench.takeTrial())
    bench.record(.success(durationMs: 1), of: token.permit)
    #expect(bench.isAllowed)
    #expect(bench.transitions.last?.reason == .trialSucceeded)
    bench.fail(4)
    #expect(bench.isAllowed)
  }

  @Test func aFailureOpensForLonger() throws {
    let bench = BreakerBench()
    bench.openAndWait()
    let token = try #require(bench.takeTrial())
    bench.record(.failure, of: token.permit)
    #expect(bench.admission == .refused(.open, until: bench.now + minute(20)))
    #expect(bench.transitions.last?.reason == .trialFailed)
  }

  @Test func aSlowSuccessIsAFailureWhereSlowCallsCount() throws {
    let bench = BreakerBench { $0.slowCalls = SlowCallRule(threshold: .seconds(1)) }
    bench.openAndWait()
    let token = try #require(bench.takeTrial())
    bench.record(.success(durationMs: 1001), of: token.permit)
    #expect(bench.state == .open(until: bench.now + minute(20)))
  }

  @Test func anOutcomeThatSaysNothingGivesTheTrialBack() throws {
    let bench = BreakerBench()
    bench.openAndWait()
    let first = try #require(bench.takeTrial())
    bench.record(.ignored, of: first.permit)
    #expect(bench.admission == .trialAvailable)
    #expect(bench.transitions.last?.reason == .trialReleased)
    let second = try #require(bench.takeTrial())
    bench.record(.success(durationMs: 1), of: first.permit)
    #expect(bench.admission == .refused(.trialRunning, until: second.leaseUntil))
  }

  @Test func aPauseFoundByTheTrialNeitherClosesNorLengthens() throws {
    let bench = BreakerBench()
    bench.openAndWait()
    let token = try #require(bench.takeTrial())
    bench.record(.rateLimited(retryAfterMs: 7000), of: token.permit)
    #expect(bench.admission == .refused(.coolingDown, until: bench.now + 7000))
    bench.pass(7000)
    #expect(bench.admission == .trialAvailable)
    let next = try #require(bench.takeTrial())
    bench.record(.failure, of: next.permit)
    #expect(bench.state == .open(until: bench.now + minute(20)))
  }

  @Test func aTrialThatOutlastsItsLeaseDecidesWhereNobodyHasTakenTheNext() throws {
    for (outcome, state) in [(CallOutcome.success(durationMs: 1), "closed"), (.failure, "open")] {
      let bench = BreakerBench()
      bench.openAndWait()
      let late = try #require(bench.takeTrial())
      bench.pass(second(31))
      #expect(bench.admission == .trialAvailable)
      bench.record(outcome, of: late.permit)
      #expect(bench.state.name == state)
    }
  }

  @Test func anExpiredTrialDecidesNothingOnceAnotherIsTaken() throws {
    for outcome in [CallOutcome.success(durationMs: 1), .failure] {
      let bench = BreakerBench()
      bench.openAndWait()
      let lost = try #require(bench.takeTrial(owner: "lost"))
      bench.pass(second(30) - 1)
      #expect(bench.takeTrial() == nil)
      bench.pass(1)
      #expect(!bench.breaker.isCurrent(lost, now: bench.now))
      #expect(bench.admission == .trialAvailable)
      let next = try #require(bench.takeTrial(owner: "next"))
      bench.record(outcome, of: lost.permit)
      #expect(bench.breaker.isCurrent(next, now: bench.now))
      bench.record(.success(durationMs: 1), of: next.permit)
      #expect(bench.isAllowed)
      bench.record(outcome, of: lost.permit)
      #expect(bench.isAllowed)
      #expect(bench.breaker.counts(now: bench.now).calls == 0)
    }
  }

  @Test func oneThatGoesOnForLongClosesAndIsAnAnswerLikeOthersThen() throws {
    let bench = BreakerBench { $0.failureCount = 1 }
    bench.openAndWait()
    let token = try #require(bench.takeTrial())
    bench.pass(second(30) - 1)
    let permit = bench.passTrial(token)
    #expect(bench.isAllowed)
    #expect(bench.transitions.last?.reason == .trialSucceeded)
    bench.pass(second(60))
    bench.record(.failure, of: permit)
    #expect(bench.state == .open(until: bench.now + minute(10)), "its breaking off is a failure")
  }

  @Test func oneThatGoesOnDecidesNothingOnceItsLeaseIsOver() throws {
    let bench = BreakerBench { $0.failureCount = 1 }
    bench.openAndWait()
    let late = try #require(bench.takeTrial(owner: "late"))
    bench.pass(second(30))
    let next = try #require(bench.takeTrial(owner: "next"))
    bench.record(.success(durationMs: 1), of: next.permit)
    let permit = bench.passTrial(late)
    #expect(permit == late.permit)
    bench.record(.failure, of: permit)
    #expect(bench.isAllowed, "it began before the trial by which the breaker has closed")
  }

  @Test func oneThatWasSlowToBeginFailsThoughItGoesOn() throws {
    let bench = BreakerBench { $0.slowCalls = SlowCallRule(threshold: .seconds(1)) }
    bench.openAndWait()
    let permit = bench.passTrial(try #require(bench.takeTrial()), durationMs: 1001)
    let open = bench.state
    #expect(open == .open(until: bench.now + minute(20)))
    bench.record(.failure, of: permit)
    #expect(bench.state == open)
  }

  @Test func anOwnerMustHaveAName() {
    let bench = BreakerBench()
    bench.openAndWait()
    #expect(bench.takeTrial(owner: "") == nil)
    #expect(bench.takeTrial(owner: String(repeating: "x", count: 129)) == nil)
    #expect(bench.takeTrial(owner: String(repeating: "x", count: 128)) != nil)
  }
}
