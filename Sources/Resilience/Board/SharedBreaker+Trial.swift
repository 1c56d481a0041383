internal import State
internal import Synchronization

extension SharedBreaker {
  /// Takes the trial that ``admission()`` offers. Of all gateways that share the store one gets it;
  /// where the store is away, each decides for itself. Waits for the store's word no longer than
  /// the board's limit.
  /// - Returns: the permit, which is to be recorded; nil where someone else has the trial.
  package func takeTrial() async -> CallPermit? {
    let owner = board.configuration.owner
    let now = board.clock.now
    guard let claim = state.withLock({ $0.breaker.beginClaim(owner: owner, now: now) }) else {
      return nil
    }
    guard board.store.isAvailable else { return confirm(claim) }
    let answer = FirstAnswer<CallPermit?>()
    Task {
      let permit = await decide(claim)
      // Nobody waits any more: the trial is given back.
      if !answer.give(permit), let permit { record(.ignored, of: permit) }
    }
    let timer = Task {
      try? await Task.sleep(for: board.configuration.claimLimit)
      answer.give(nil)
    }
    defer { timer.cancel() }
    return await answer.value
  }

  private func decide(_ claim: TrialClaim) async -> CallPermit? {
    do throws(StateError) {
      var current = try await board.store.get(key.stateKey)
      for _ in 0..<Self.attempts {
        let stored = current.flatMap { BreakerSnapshot(bytes: $0.value) }
        let verdict = claim.verdict(stored: stored, now: board.clock.now)
        if case .refused(let snapshot) = verdict { return abandon(claim, snapshot) }
        let result = try await board.store.compareAndSet(
          key.stateKey, revision: current?.revision ?? 0, to: verdict.snapshot.bytes,
          lifetime: Self.lifetime, announced: true)
        switch result {
        case .stored: return confirm(claim)
        case .conflict(let other): current = other
        }
      }
      return abandon(claim, nil)
    } catch {
      // Not reached, so nobody decided: as without a store. Otherwise it may have been granted.
      return error.kind == .unavailable ? confirm(claim) : abandon(claim, nil)
    }
  }

  private func confirm(_ claim: TrialClaim) -> CallPermit? {
    var token: TrialToken?
    change { breaker, now, _ in
      let (granted, transitions) = breaker.confirm(claim, now: now)
      token = granted
      return transitions
    }
    return token?.permit
  }

  private func abandon(_ claim: TrialClaim, _ current: BreakerSnapshot?) -> CallPermit? {
    change { breaker, now, _ in breaker.abandon(claim, current: current, now: now) }
    return nil
  }
}
