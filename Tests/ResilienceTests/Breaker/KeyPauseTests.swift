import Testing

@testable import Resilience

@Suite("Pauses for a key that was rejected or has no credit")
struct KeyPauseTests {
  @Test(
    "what was found out about one key does not hold for another, and holds on for the first",
    arguments: [CallOutcome.badKey, .outOfCredit])
  func keys(outcome: CallOutcome) {
    let (old, new) = (BreakerBench(credential: "old"), BreakerBench(credential: "new"))
    old.record(outcome)
    _ = new.breaker.absorb(old.breaker.snapshot, now: new.now)
    #expect(new.isAllowed && new.state == .closed)
    let before = old.admission
    new.pass(minute(1))
    new.record(outcome)
    #expect(!new.isAllowed)
    _ = old.breaker.absorb(new.breaker.snapshot, now: new.now)
    #expect(old.admission == before)
  }

  @Test("a trial is not kept back by what was found out about another key")
  func trial() throws {
    let (old, new) = (BreakerBench(credential: "old"), BreakerBench(credential: "new"))
    old.openAndWait()
    old.record(.badKey)
    new.now = old.now
    _ = new.breaker.absorb(old.breaker.snapshot, now: new.now)
    let refused = old.breaker.beginClaim(owner: "old", now: old.now)
    #expect(refused == nil)
    let offered = new.breaker.beginClaim(owner: "new", now: new.now)
    let claim = try #require(offered)
    guard case .granted = claim.verdict(stored: old.breaker.snapshot, now: new.now) else {
      Issue.record("refused")
      return
    }
  }

  @Test("after a reset the shorter pause holds that was found out later")
  func shorterButLater() {
    var pauses = KeyPauses("a", found: 1, until: 100)
    pauses.extend("a", found: 3, until: 50)
    pauses.extend("a", found: 2, until: 40)
    #expect(pauses.until("a") == 100 && pauses.until("b") == 0)
    #expect(pauses.found(after: 1) == KeyPauses("a", found: 3, until: 50))
    #expect(pauses.found(after: 3) == KeyPauses())
  }

  @Test("of very many keys the pauses that end last are kept, whatever the order")
  func manyKeys() {
    let one = (1...20).map { KeyPauses("k\($0)", until: Int64($0)) }
    let forward = one.reduce(KeyPauses()) { $0.merged(with: $1) }
    let backward = one.reversed().reduce(KeyPauses()) { $0.merged(with: $1) }
    #expect(forward == backward)
    #expect(forward.until("k4") == 0 && forward.until("k5") == 5 && forward.until("k20") == 20)
  }
}
