extension CircuitBreaker {
  /// Takes the trial, if ``admission(now:)`` offers it: for a breaker that is not shared, or whose
  /// store can't be reached. Else ask the store, see ``beginClaim(owner:now:)``.
  package mutating func takeTrial(
    now: Int64, owner: String
  ) -> (token: TrialToken, transitions: [Transition])? {
    guard let claim = beginClaim(owner: owner, now: now) else { return nil }
    let (token, transitions) = confirm(claim, now: now)
    return token.map { ($0, transitions) }
  }

  /// Whether the trial may be made at `now`.
  package func isCurrent(_ token: TrialToken, now: Int64) -> Bool {
    now < token.leaseUntil && decides(token)
  }

  /// Whether the result of the trial counts: also one that outlasts its lease, as long as nobody is known
  /// to have taken the next one. Where all trials do, the breaker would never close.
  package func decides(_ token: TrialToken) -> Bool {
    guard token.epoch.number == snapshot.core.number, !snapshot.isVoid(token.epoch),
      case .halfOpen(let owner, _) = snapshot.core.phase
    else { return false }
    return owner == token.owner
  }

  /// Records at `now` that the trial goes well though its answer is not over.
  /// - Returns: what to record the answer's end with, if that is none that went well. Where the trial
  ///   has decided something, the permit of the state that it led to: an answer that breaks off then
  ///   is a failure like others. Where it came too late, its own: it began before whatever has
  ///   happened meanwhile.
  package mutating func pass(
    _ token: TrialToken, durationMs: Int64, now: Int64,
    using generator: inout some RandomNumberGenerator
  ) -> (permit: CallPermit, transitions: [Transition]) {
    let decides = decides(token)
    let transitions = recordTrial(
      .success(durationMs: durationMs), token, now: now, using: &generator)
    return (decides ? permit : token.permit, transitions)
  }

  mutating func recordTrial(
    _ outcome: CallOutcome, _ token: TrialToken, now: Int64,
    using generator: inout some RandomNumberGenerator
  ) -> [Transition] {
    guard !snapshot.isVoid(token.epoch) else { return [] }
    let decides = decides(token)
    return changing(now: now) { breaker in
      breaker.settle(token)
      let paused = breaker.pause(outcome, now: now)
      guard decides else { return paused }
      switch outcome {
      case .success(let durationMs) where !breaker.isSlow(durationMs):
        breaker.close()
        return .trialSucceeded
      case .success, .failure, .unavailable:
        return breaker.trip(.trialFailed, now: now, using: &generator)
      case .rateLimited, .badKey, .keyRejectedByCheck, .outOfCredit, .ignored:
        breaker.snapshot.core.number += 1
        breaker.snapshot.core.phase = .open(until: now)
        return paused
      }
    }
  }

  /// Ends the lease of a trial, so that the next one needn't wait for it.
  mutating func settle(_ token: TrialToken) {
    guard snapshot.trial.number == token.epoch.number,
      ["", token.owner].contains(snapshot.trial.owner)
    else { return }
    snapshot.trial.settled = true
  }

  /// Closes on evidence as old as the present state: one that another gateway opened since then has
  /// at least the same number, and wins.
  mutating func close() {
    snapshot.core.number += 1
    snapshot.core.phase = .closed
    snapshot.core.trips = 0
    forgetCounts()
  }
}
