import SeededRandom

@testable import Resilience

extension BreakerSnapshot {
  /// A snapshot like those that meet in a store: few different numbers, so that ties are common.
  static func random(using generator: inout SeededGenerator) -> BreakerSnapshot {
    var snapshot = BreakerSnapshot()
    func pick(_ values: [Int64]) -> Int64 { values.randomElement(using: &generator) ?? 0 }
    let times: [Int64] = [0, 50, 99, 100, 101, 150, 200, 1_000_000_000_000]
    // Some numbers are of before a reset, some of after it.
    snapshot.generation = pick([0, 0, 0, 1, 2])
    snapshot.core.number = pick([0, 1, 2, 3])
    snapshot.core.trips = Int(pick([0, 1, 2]))
    switch pick([0, 1, 2]) {
    case 0: snapshot.core.phase = .closed
    case 1: snapshot.core.phase = .open(until: pick(times))
    default:
      let owner = ["a", "b", "ä"].randomElement(using: &generator) ?? "a"
      snapshot.core.phase = .halfOpen(owner: owner, leaseUntil: pick(times))
    }
    snapshot.trial = TrialLease(
      number: pick([0, 1, 2, 3]), settled: pick([0, 1]) == 0, until: pick(times),
      owner: ["", "a", "ä"].randomElement(using: &generator) ?? "")
    for _ in 0..<pick([0, 1, 2]) {
      snapshot.cooling.extend("", found: pick([0, 1, 2, 3]), until: pick(times))
    }
    for credential in ["", "a", "b"] where pick([0, 1]) == 0 {
      snapshot.badKeys.extend(credential, found: pick([0, 1, 2, 3]), until: pick(times))
      snapshot.noCredit.extend(credential, found: pick([0, 1, 2, 3]), until: pick(times))
    }
    let modes: [OperatorOverride.Mode] = [.none, .forcedOpen, .forcedClosed]
    snapshot.override = OperatorOverride(
      number: pick([0, 1, 2, 3]), mode: modes.randomElement(using: &generator) ?? .none)
    return snapshot
  }

  /// Whether any call could pass a breaker that is in this state.
  func isPassable(now: Int64) -> Bool {
    if case .refused = CircuitBreaker(snapshot: self).admission(now: now) { return false }
    return true
  }
}
