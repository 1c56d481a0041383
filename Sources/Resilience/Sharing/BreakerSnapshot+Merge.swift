extension BreakerSnapshot {
  /// What is in force when both are known at `now` (milliseconds): the newer of two numbered parts,
  /// the more cautious of two with the same number, the later of two times. Of a snapshot from before
  /// a reset only what is newer than the reset.
  ///
  /// Commutative, associative and idempotent. Times that have passed are dropped, and those further
  /// away than ``BreakerSettings/longestState`` moved there, so that one broken clock can't close
  /// a provider off for good.
  package func merged(with other: BreakerSnapshot, now: Int64) -> BreakerSnapshot {
    let generation = max(generation, other.generation)
    let a = normalized(now: now).left(of: generation)
    let b = other.normalized(now: now).left(of: generation)
    var result = a
    result.core = a.core.merged(with: b.core)
    result.trial = max(a.trial, b.trial)
    result.cooling = a.cooling.merged(with: b.cooling)
    result.badKeys = a.badKeys.merged(with: b.badKeys)
    result.noCredit = a.noCredit.merged(with: b.noCredit)
    result.override = max(a.override, b.override)
    return result
  }

  /// What is left of it after a reset: a gateway that hasn't heard of it may know better by now, and
  /// an operator may have decided otherwise.
  private func left(of reset: Int64) -> BreakerSnapshot {
    guard reset > generation else { return self }
    var result = BreakerSnapshot()
    result.generation = reset
    if core.number > reset { result.core = core }
    if trial.number > reset { result.trial = trial }
    if override.number > reset { result.override = override }
    result.cooling = cooling.found(after: reset)
    result.badKeys = badKeys.found(after: reset)
    result.noCredit = noCredit.found(after: reset)
    return result
  }

  /// The number of a reset after all that is known: at least the present time.
  func nextGeneration(now: Int64) -> Int64 {
    let numbers = [core.number, trial.number, override.number]
    let times = [cooling.lastFound, badKeys.lastFound, noCredit.lastFound]
    return (numbers + times).reduce(max(generation + 1, now), max)
  }

  /// The same without times that have passed or are absurdly far away.
  package func normalized(now: Int64) -> BreakerSnapshot {
    let limit = now + BreakerSettings.longestState.milliseconds
    func bounded(_ until: Int64) -> Int64 { until <= now ? 0 : min(until, limit) }
    var result = self
    result.cooling = cooling.mapped(until: bounded)
    result.badKeys = badKeys.mapped(until: bounded)
    result.noCredit = noCredit.mapped(until: bounded)
    result.trial.until = min(trial.until, limit)
    switch core.phase {
    case .closed: break
    case .open(let until):
      result.core.phase = .open(until: min(until, limit))
    case .halfOpen(let owner, let leaseUntil):
      result.core.phase = .halfOpen(owner: owner, leaseUntil: min(leaseUntil, limit))
    }
    return result
  }
}

extension BreakerCore {
  func merged(with other: BreakerCore) -> BreakerCore {
    guard number == other.number else { return number > other.number ? self : other }
    var result = self
    result.phase = max(phase, other.phase)
    result.trips = max(trips, other.trips)
    return result
  }
}

extension BreakerCore.Phase: Comparable {
  /// By caution: closed, half-open, open; then by how long.
  package static func < (a: Self, b: Self) -> Bool { a.order < b.order }

  private var order: (rank: Int, until: Int64, owner: String) {
    switch self {
    case .closed: (0, 0, "")
    case .halfOpen(let owner, let leaseUntil): (1, leaseUntil, owner)
    case .open(let until): (2, until, "")
    }
  }
}

extension TrialLease: Comparable {
  /// By age; a trial that is known to have ended is past the same one running.
  package static func < (a: Self, b: Self) -> Bool {
    (a.number, a.settled ? 1 : 0, a.until, a.owner)
      < (b.number, b.settled ? 1 : 0, b.until, b.owner)
  }
}

extension OperatorOverride: Comparable {
  /// By age, then by caution.
  package static func < (a: Self, b: Self) -> Bool {
    (a.number, a.mode.caution) < (b.number, b.mode.caution)
  }
}

extension OperatorOverride.Mode {
  fileprivate var caution: Int {
    switch self {
    case .forcedClosed: 0
    case .none: 1
    case .forcedOpen: 2
    }
  }
}
