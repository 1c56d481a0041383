import SeededRandom
import Testing

@testable import Resilience

@Suite("Merging snapshots")
struct SnapshotMergeTests {
  private static let now: Int64 = 100

  @Test func orderAndRepetitionDoNotMatter() {
    var generator = SeededGenerator(11)
    for _ in 0..<20_000 {
      let a = BreakerSnapshot.random(using: &generator)
      let b = BreakerSnapshot.random(using: &generator)
      let c = BreakerSnapshot.random(using: &generator)
      func merge(_ x: BreakerSnapshot, _ y: BreakerSnapshot) -> BreakerSnapshot {
        x.merged(with: y, now: Self.now)
      }
      let ab = merge(a, b)
      guard ab == merge(b, a), merge(ab, c) == merge(a, merge(b, c)), merge(ab, b) == ab,
        merge(ab, a) == ab, merge(a, a) == a.normalized(now: Self.now)
      else {
        Issue.record("merge fails for \(a), \(b), \(c)")
        return
      }
    }
  }

  @Test func theMoreCautiousOfEquallyNewOnesWins() {
    var generator = SeededGenerator(12)
    var decided = 0
    for _ in 0..<20_000 {
      var a = BreakerSnapshot.random(using: &generator)
      var b = BreakerSnapshot.random(using: &generator)
      (a.generation, a.core.number, a.override.number) = (0, 0, 0)
      (b.generation, b.core.number, b.override.number) = (0, 0, 0)
      (a.trial, b.trial) = (TrialLease(), TrialLease())
      (a.override.mode, b.override.mode) = (.none, .none)
      guard !a.isPassable(now: Self.now) || !b.isPassable(now: Self.now) else { continue }
      decided += 1
      guard !a.merged(with: b, now: Self.now).isPassable(now: Self.now) else {
        Issue.record("\(a) and \(b) together let calls pass")
        return
      }
    }
    #expect(decided > 1000)
  }

  @Test func aLaterStateWinsOverTheOneItCameFrom() throws {
    let bench = BreakerBench()
    bench.fail(5)
    let open = bench.breaker.snapshot
    bench.pass(minute(10))
    let token = try #require(bench.takeTrial())
    let halfOpen = bench.breaker.snapshot
    bench.record(.success(durationMs: 1), of: token.permit)
    let closed = bench.breaker.snapshot
    #expect(open.merged(with: closed, now: bench.now) == closed)
    #expect(halfOpen.merged(with: closed, now: bench.now) == closed)
    #expect(open.merged(with: halfOpen, now: bench.now).core == halfOpen.core)
  }

  @Test func aTripDuringTheTrialWinsOverItsSuccess() throws {
    let other = BreakerBench()
    let bench = BreakerBench()
    bench.openAndWait()
    let token = try #require(bench.takeTrial())
    other.now = bench.now
    other.fail(5)
    bench.pass(1000)
    bench.record(.success(durationMs: 1000), of: token.permit)
    _ = bench.breaker.absorb(other.breaker.snapshot, now: bench.now)
    #expect(bench.state == .open(until: other.now + minute(10)))
  }

  @Test func aResetHoldsWhateverOlderNewsArrives() {
    let bench = BreakerBench()
    bench.fail(5)
    bench.record(.badKey)
    let old = bench.breaker.snapshot
    _ = bench.breaker.reset(now: bench.now)
    _ = bench.breaker.absorb(old, now: bench.now)
    #expect(bench.isAllowed)
  }

  /// What may come after a reset that was not heard of.
  @Test(arguments: AfterReset.allCases)
  func aResetElsewhereEndsWhatWasBeforeItAndNothingElse(later: AfterReset) {
    let (one, two) = (BreakerBench(), BreakerBench())
    // Before it, there was more.
    one.fail(5)
    one.record(.rateLimited(retryAfterMs: minute(50)))
    one.record(.badKey)
    one.record(.outOfCredit)
    _ = one.breaker.forceOpen(now: one.now)
    let before = one.breaker.snapshot
    one.pass(minute(1))
    two.now = one.now
    _ = two.breaker.absorb(before, now: two.now)
    _ = two.breaker.reset(now: two.now)
    one.pass(1)
    two.now = one.now
    later.happens(at: one)
    _ = two.breaker.absorb(one.breaker.snapshot, now: two.now)
    _ = one.breaker.absorb(two.breaker.snapshot, now: one.now)
    #expect(one.breaker.snapshot == two.breaker.snapshot)
    #expect(two.state == later.state(now: two.now))
    #expect(two.admission == one.admission)
    // Only what came later is there at all.
    _ = two.breaker.liftOverride(now: two.now)
    two.pass(minute(20))
    #expect(two.isAllowed == (later != .opening))
  }

  enum AfterReset: CaseIterable {
    case opening, coolDown, badKey, forcedOpen, forcedClosed

    func happens(at bench: BreakerBench) {
      switch self {
      case .opening: _ = bench.breaker.open(now: bench.now, using: &bench.generator)
      case .coolDown: bench.record(.rateLimited(retryAfterMs: minute(1)))
      case .badKey: bench.record(.badKey)
      case .forcedOpen: _ = bench.breaker.forceOpen(now: bench.now)
      case .forcedClosed: _ = bench.breaker.forceClosed(now: bench.now)
      }
    }

    func state(now: Int64) -> BreakerState {
      switch self {
      case .opening: .open(until: now + minute(20))
      case .coolDown: .coolingDown(until: now + minute(1))
      case .badKey: .badKey(until: now + minute(15))
      case .forcedOpen: .forcedOpen
      case .forcedClosed: .forcedClosed
      }
    }
  }

  @Test func whatComesOfATrialThatBeganAfterAResetElsewhereCounts() throws {
    let (one, two) = (BreakerBench(), BreakerBench())
    one.openAndWait()
    two.now = one.now
    _ = two.breaker.reset(now: two.now)
    one.pass(1)
    let token = try #require(one.takeTrial())
    _ = one.breaker.absorb(two.breaker.snapshot, now: one.now)
    one.record(.failure, of: token.permit)
    #expect(one.state == .open(until: one.now + minute(20)))
    _ = two.breaker.absorb(one.breaker.snapshot, now: one.now)
    #expect(two.state == one.state)
  }

  @Test func aResetByAClockThatWasWrongEndsNothingThatCameAfterIt() {
    let (one, two) = (BreakerBench(), BreakerBench())
    _ = two.breaker.reset(now: two.now + minute(60))
    two.breaker.rebase(by: -minute(60))
    one.pass(1)
    one.fail(5)
    _ = two.breaker.absorb(one.breaker.snapshot, now: one.now)
    #expect(two.state == one.state && !two.isAllowed)
  }

  @Test func aRepeatedDecisionWinsOverOneThatCameInBetween() {
    let (one, two) = (BreakerBench(), BreakerBench())
    _ = one.breaker.forceOpen(now: 1_000_000)
    _ = two.breaker.forceClosed(now: 1_000_001)
    let again = one.breaker.forceOpen(now: 1_000_002)
    #expect(again.isEmpty)
    let both = two.breaker.snapshot.merged(with: one.breaker.snapshot, now: 1_000_003)
    #expect(both.override.mode == .forcedOpen)
  }

  @Test func theLastDecisionOfOperatorsHolds() {
    let (one, two) = (BreakerBench(), BreakerBench())
    _ = one.breaker.forceOpen(now: 1_000_000)
    _ = two.breaker.absorb(one.breaker.snapshot, now: 1_000_001)
    _ = two.breaker.liftOverride(now: 1_000_001)
    let made = one.breaker.absorb(two.breaker.snapshot, now: 1_000_002)
    #expect(one.isAllowed)
    #expect(made.map(\.reason) == [.shared])
    _ = one.breaker.forceOpen(now: 1_000_003)
    _ = two.breaker.forceClosed(now: 1_000_003)
    let both = one.breaker.snapshot.merged(with: two.breaker.snapshot, now: 1_000_004)
    #expect(both.override.mode == .forcedOpen)
  }

  @Test func aBrokenClockClosesNoProviderOffForGood() {
    var broken = BreakerSnapshot()
    broken.badKeys.extend("", found: 1, until: 1 << 59)
    broken.core.phase = .open(until: 1 << 59)
    let bench = BreakerBench()
    _ = bench.breaker.absorb(broken, now: bench.now)
    #expect(!bench.isAllowed)
    bench.pass(minute(24 * 60))
    #expect(bench.admission == .trialAvailable)
  }

  @Test func failuresThatLedToAnOverstoodOpeningDoNotOpenAgain() throws {
    let (one, two) = (BreakerBench(), BreakerBench())
    one.fail(5)
    _ = two.breaker.absorb(one.breaker.snapshot, now: two.now)
    one.pass(minute(1))
    two.pass(minute(10))
    let token = try #require(two.takeTrial())
    two.record(.success(durationMs: 1), of: token.permit)
    _ = one.breaker.absorb(two.breaker.snapshot, now: one.now)
    #expect(one.isAllowed)
    one.fail(4)
    #expect(one.isAllowed)
  }

  @Test func failuresSinceAreKeptWhenNewsOfAnotherClosingArrives() throws {
    let (one, two) = (BreakerBench(), BreakerBench())
    one.openAndWait()
    let token = try #require(one.takeTrial())
    one.record(.success(durationMs: 1), of: token.permit)
    two.now = one.now
    two.fail(4)
    _ = two.breaker.absorb(one.breaker.snapshot, now: two.now)
    two.fail()
    #expect(!two.isAllowed)
  }
}
