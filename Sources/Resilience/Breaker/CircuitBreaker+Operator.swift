extension CircuitBreaker {
  /// Refuses every call until an operator decides otherwise.
  package mutating func forceOpen(now: Int64) -> [Transition] { decide(.forcedOpen, now: now) }

  /// Lets every call pass, whatever is known of the provider, until an operator decides otherwise.
  package mutating func forceClosed(now: Int64) -> [Transition] { decide(.forcedClosed, now: now) }

  /// Leaves the decision to the breaker again, in the state that it is in by now.
  package mutating func liftOverride(now: Int64) -> [Transition] { decide(.none, now: now) }

  /// Opens the breaker as if there had been too many failures, whatever state it is in.
  package mutating func open(
    now: Int64, reason: Transition.Reason = .manual,
    using generator: inout some RandomNumberGenerator
  ) -> [Transition] {
    changing(now: now) { $0.trip(reason, now: now, using: &generator) }
  }

  /// Closes the breaker if it is open or half-open. Pauses and overrides stay in force.
  package mutating func close(now: Int64) -> [Transition] {
    guard snapshot.core.phase != .closed else { return [] }
    snapshot.core.number = max(snapshot.core.number, now)
    return closeEarly(now: now, reason: .manual)
  }

  /// Closes the breaker after health checks, or calls as a last resort, that succeeded, if it is still in
  /// the state `epoch` (``BreakerSnapshot/epoch``) that it was in when they began. Pauses stay in force.
  package mutating func close(
    provenUnder epoch: Epoch, now: Int64, reason: Transition.Reason
  ) -> [Transition] {
    guard epoch == snapshot.epoch, snapshot.core.phase != .closed else { return [] }
    return closeEarly(now: now, reason: reason)
  }

  /// Ends the time for which an open breaker lets no trial pass, if it is still in the state `epoch`.
  package mutating func hasten(under epoch: Epoch, now: Int64) -> [Transition] {
    guard epoch == snapshot.epoch, case .open(let until) = snapshot.core.phase, until > now else {
      return []
    }
    return changing(now: now) { breaker in
      breaker.snapshot.core.number += 1
      breaker.snapshot.core.phase = .open(until: now)
      return .healthCheck
    }
  }

  /// Forgets everything, here and wherever the snapshot arrives: counts, state, pauses, overrides. What
  /// is found out or decided elsewhere after it holds.
  /// Also for a key that was replaced: what calls with the old one still find doesn't count.
  package mutating func reset(now: Int64) -> [Transition] {
    changing(now: now) { breaker in
      let generation = breaker.snapshot.nextGeneration(now: now)
      breaker.snapshot = BreakerSnapshot()
      breaker.snapshot.generation = generation
      breaker.forgetCounts()
      breaker.claimPendingUntil = 0
      breaker.restsUntil = 0
      return .manual
    }
  }

  /// Forgets what was found out before a time at which all like it were reset.
  mutating func forgetAll(before generation: Int64) {
    snapshot.generation = max(snapshot.generation, generation)
  }

  private mutating func closeEarly(now: Int64, reason: Transition.Reason) -> [Transition] {
    changing(now: now) { breaker in
      breaker.snapshot.trial.settled = true
      breaker.close()
      return reason
    }
  }

  private mutating func decide(_ mode: OperatorOverride.Mode, now: Int64) -> [Transition] {
    // The same decision has a new number too: it wins over another one that came in between.
    changing(now: now) { breaker in
      let number = max(breaker.snapshot.override.number + 1, now)
      breaker.snapshot.override = OperatorOverride(number: number, mode: mode)
      return .manual
    }
  }
}
