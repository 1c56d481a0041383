import Resilience
import Testing

@Suite("Breakers that share a store")
struct BreakerStoreTests {
  /// A store in which others write between each reading and writing, a number of times.
  private struct ContendedStore: BreakerStore {
    var model = SharedBreakerModel()
    var interferences: Int
    var other = BreakerSnapshot()

    func load(_ key: String) -> StoredBreaker? { model.load(key) }

    mutating func compareAndSet(
      _ key: String, revision: Int64, to snapshot: BreakerSnapshot
    ) -> Bool {
      if interferences > 0 {
        interferences -= 1
        let current = model.load(key)
        let merged = other.merged(with: current?.snapshot ?? other, now: 0)
        _ = model.compareAndSet(key, revision: current?.revision ?? 0, to: merged)
      }
      return model.compareAndSet(key, revision: revision, to: snapshot)
    }
  }

  /// Two gateways whose breakers are open and due for a trial, as both and the store know.
  fileprivate static func openPair() throws -> (
    BreakerBench, BreakerBench, StoreBench<SharedBreakerModel>
  ) {
    let (one, two) = (BreakerBench(), BreakerBench())
    let store = StoreBench(SharedBreakerModel())
    one.fail(5)
    let stored = try #require(store.publish(one))
    _ = two.breaker.absorb(stored, now: two.now)
    one.pass(minute(10))
    two.pass(minute(10))
    return (one, two, store)
  }

  @Test func onlyOneOfTwoClaimsIsGranted() throws {
    let (one, two, store) = try Self.openPair()
    let first = try #require(one.claim("one"))
    let second = try #require(two.claim("two"))
    let granted = try #require(store.claim(first, one))
    let refused = try #require(store.claim(second, two))
    #expect(granted == .granted(granted.snapshot))
    #expect(refused == .refused(refused.snapshot))
    let token = try #require(one.confirm(first))
    two.abandon(second, refused.snapshot)
    #expect(two.admission == .refused(.trialRunning, until: token.leaseUntil))
    one.record(.success(durationMs: 1), of: token.permit)
    let stored = try #require(store.publish(one))
    _ = two.breaker.absorb(stored, now: two.now)
    #expect(two.isAllowed)
  }

  @Test func whileTheStoreDecidesNobodyElseHereMayTry() throws {
    let (one, _, _) = try Self.openPair()
    let claim = try #require(one.claim("one"))
    #expect(one.admission == .refused(.trialRunning, until: claim.token.leaseUntil))
    #expect(one.claim("one") == nil)
    one.pass(second(30))
    #expect(one.admission == .trialAvailable)
    #expect(one.confirm(claim) == nil)
  }

  @Test func aClaimIsRefusedIfTheStoreKnowsOfANewTripOrAPause() throws {
    for outcome in [CallOutcome.failure, .badKey] {
      let (one, two, store) = try Self.openPair()
      if outcome == .badKey {
        two.record(.badKey)
      } else {
        let token = try #require(two.takeTrial(owner: "two"))
        two.record(.failure, of: token.permit)
      }
      _ = store.publish(two)
      let claim = try #require(one.claim("one"))
      let verdict = try #require(store.claim(claim, one))
      #expect(verdict == .refused(verdict.snapshot))
      one.abandon(claim, verdict.snapshot)
      #expect(one.state == two.state)
    }
  }

  @Test func aLeaseOutlivesATripThatOvertookItsTrial() throws {
    let (one, two, store) = try Self.openPair()
    let claim = try #require(one.claim("one"))
    _ = store.claim(claim, one)
    let token = try #require(one.confirm(claim))
    // Another gateway that knew nothing opens for a moment only.
    let third = BreakerBench { $0.openTime = .seconds(1) }
    third.now = one.now
    third.fail(5)
    let stored = try #require(store.publish(third))
    _ = two.breaker.absorb(stored, now: two.now)
    two.pass(second(1))
    #expect(two.admission == .refused(.trialRunning, until: token.leaseUntil))
    // The trial's end gives the lease back, although its result is overtaken.
    _ = one.breaker.absorb(stored, now: two.now)
    one.now = two.now
    one.record(.success(durationMs: 1), of: token.permit)
    #expect(one.admission == .trialAvailable)
    let settled = try #require(store.publish(one))
    _ = two.breaker.absorb(settled, now: two.now)
    #expect(two.admission == .trialAvailable)
  }

  @Test func aGrantThatComesAfterNewerNewsIsGivenBack() throws {
    let (one, _, store) = try Self.openPair()
    let claim = try #require(one.claim("one"))
    _ = store.claim(claim, one)
    let third = BreakerBench()
    third.now = one.now
    third.fail(5)
    _ = one.breaker.absorb(third.breaker.snapshot, now: one.now)
    #expect(one.confirm(claim) == nil)
    #expect(one.breaker.snapshot.trial.settled)
  }

  @Test func writersInBetweenLoseNothing() throws {
    let (one, two) = (BreakerBench(), BreakerBench())
    one.record(.badKey)
    two.record(.outOfCredit)
    let store = StoreBench(ContendedStore(interferences: 3, other: two.breaker.snapshot))
    let stored = try #require(store.publish(one))
    #expect(stored.badKeys.until("") == one.now + minute(15))
    #expect(stored.noCredit.until("") == one.now + minute(30))
    store.store.interferences = 100
    store.store.other = BreakerSnapshot()
    one.record(.rateLimited(retryAfterMs: 1000))
    #expect(store.publish(one, attempts: 3) == nil)
  }

  @Test func anUnchangedSnapshotIsNotWritten() throws {
    let store = StoreBench(SharedBreakerModel())
    let bench = BreakerBench()
    bench.fail(5)
    _ = store.publish(bench)
    let revision = try #require(store.store.load("k")).revision
    _ = store.publish(bench)
    _ = store.publish(BreakerBench())
    #expect(store.store.load("k")?.revision == revision)
  }

  @Test func anEmptyStoreGrantsTheFirstClaimAndKeepsIt() throws {
    let (one, two, _) = try Self.openPair()
    let store = StoreBench(SharedBreakerModel())
    let first = try #require(one.claim("one"))
    let second = try #require(two.claim("two"))
    let granted = try #require(store.claim(first, one))
    #expect(granted == .granted(granted.snapshot))
    let refused = try #require(store.claim(second, two))
    #expect(refused == .refused(refused.snapshot))
  }
}

/// A store with one breaker in it.
private final class StoreBench<Store: BreakerStore> {
  var store: Store

  init(_ store: Store) { self.store = store }

  func publish(_ bench: BreakerBench, attempts: Int = 8) -> BreakerSnapshot? {
    store.publish(bench.breaker.snapshot, key: "k", now: bench.now, attempts: attempts)
  }

  func claim(_ claim: TrialClaim, _ bench: BreakerBench) -> TrialClaim.Verdict? {
    store.claim(claim, key: "k", now: bench.now)
  }
}

extension BreakerBench {
  fileprivate func claim(_ owner: String) -> TrialClaim? {
    breaker.beginClaim(owner: owner, now: now)
  }

  fileprivate func confirm(_ claim: TrialClaim) -> TrialToken? {
    let (token, made) = breaker.confirm(claim, now: now)
    transitions += made
    return token
  }

  fileprivate func abandon(_ claim: TrialClaim, _ current: BreakerSnapshot?) {
    transitions += breaker.abandon(claim, current: current, now: now)
  }
}
