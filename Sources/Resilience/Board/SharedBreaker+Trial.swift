internal import State
internal import Synchronization

extension SharedBreaker {
  /// Takes the trial that ``admission(isNeeded:)`` offers. Of all gateways that share the store one gets it;
  /// where the store is away or takes no writings, each decides for itself. A request waits for the
  /// store's word as ``StoreWait`` says; a trial that is granted later is the next request's. Where none
  /// came for some of them in a row, and no other gateway has made one meanwhile, the next is made while the
  /// store is told: one that is always too slow would keep a breaker open for good that is seldom asked.
  /// - Parameter isNeeded: see ``CircuitBreaker/admission(now:isNeeded:)``.
  /// - Returns: the permit, which is to be recorded; nil where someone else has the trial.
  package func takeTrial(isNeeded: Bool = false) async -> CallPermit? {
    let owner = board.configuration.owner
    let now = clock.now
    if let kept = mutate({ $0.takeKept(now: now, isNeeded: isNeeded) }) { return kept.permit }
    let (claim, waits) = mutate { state in
      let vain =
        state.keptInVain.map { $0.under == state.breaker.snapshot.epoch ? $0.count : 0 } ?? 0
      let claim = state.breaker.beginClaim(owner: owner, now: now, isNeeded: isNeeded)
      if claim != nil { state.keptInVain?.count = vain }
      return (claim, vain < Self.vainTrials)
    }
    guard let claim else { return nil }
    guard board.store.isAvailable, waits else { return confirm(claim)?.permit }
    let token = await StoreWait.answer(
      from: board.store, within: board.configuration.claimLimit,
      late: { [self] token in if let token { await keep(token) } },
      { [self] in await decide(claim) })
    return token.flatMap { $0?.permit }
  }

  /// So many in a row may be given back since no request came for them.
  private static let vainTrials = 3

  /// Records that a trial goes well though its answer is not over.
  /// - Returns: what to record the answer's end with, if that is none that went well.
  package func passTrial(_ token: TrialToken, durationMs: Int64) -> CallPermit {
    let now = clock.now
    let (permit, transitions, mustPublish) = mutate { state in
      let before = state.breaker.snapshot
      let (permit, transitions) = state.breaker.pass(
        token, durationMs: durationMs, now: now, using: &state.generator)
      state.note(transitions)
      state.count(.success(durationMs: durationMs), of: token.permit, reason: nil, now: now)
      let isChanged = state.breaker.snapshot != before
      return (permit, transitions, isChanged && state.beginPublishing())
    }
    tell(transitions)
    if mustPublish { publish() }
    return permit
  }

  /// Keeps a trial that nobody waits for any more, for the next request: given back at once, it would
  /// be granted too late again, and with a slow store the breaker would never close. Gives it back
  /// where no request comes for it: its lease is to last for the trial, and others wait for it.
  private func keep(_ token: TrialToken) async {
    let lease = mutate { state in
      state.kept = token
      return state.breaker.settings.trialLease
    }
    try? await Task.sleep(for: min(board.configuration.keepTime, lease / 4))
    guard giveBackKept(token) else { return }
    state.withLock { state in
      state.keptInVain = ((state.keptInVain?.count ?? 0) + 1, state.breaker.snapshot.epoch)
    }
  }

  /// Gives a trial back that is kept.
  /// - Parameter token: the one, if it is to be none that was kept since.
  /// - Returns: whether it was kept still.
  @discardableResult
  func giveBackKept(_ token: TrialToken? = nil) -> Bool {
    let left = mutate { state -> TrialToken? in
      guard let kept = state.kept, token == nil || token == kept else { return nil }
      state.kept = nil
      return kept
    }
    guard let left else { return false }
    record(.ignored, of: left.permit)
    return true
  }

  private func decide(_ claim: TrialClaim) async -> TrialToken? {
    do throws(StateError) {
      // What was heard last is what is stored, nearly always: one question less.
      var current = state.withLock { $0.stored }
      var isFresh = false
      for _ in 0...Self.attempts {
        let stored = current.flatMap { BreakerSnapshot(bytes: $0.value) }
        let verdict = claim.verdict(stored: stored, now: clock.now)
        if case .refused(let snapshot) = verdict {
          guard !isFresh else { return abandon(claim, snapshot) }
          current = try await board.store.get(key.stateKey)
          isFresh = true
          continue
        }
        let result = try await board.store.compareAndSet(
          key.stateKey, revision: current?.revision ?? 0, to: verdict.snapshot.bytes,
          lifetime: verdict.snapshot.lifetime, announced: true)
        switch result {
        case .stored: return confirm(claim)
        case .conflict(let other):
          current = other
          isFresh = true
        }
      }
      return abandon(claim, nil)
    } catch {
      switch error.kind {
      // It decides for nobody: as without a store. A store that is full or broken stays so until
      // somebody mends it, and the provider must not wait for that.
      case .unavailable, .refused, .malformed: return confirm(claim)
      // It may have been granted, or be granted still.
      case .timedOut, .closed: return abandon(claim, nil)
      }
    }
  }

  private func confirm(_ claim: TrialClaim) -> TrialToken? {
    var token: TrialToken?
    change { breaker, now, _ in
      let (granted, transitions) = breaker.confirm(claim, now: now)
      token = granted
      return transitions
    }
    return token
  }

  /// - Parameter current: what the store said instead; nil where it said nothing.
  private func abandon(_ claim: TrialClaim, _ current: BreakerSnapshot?) -> TrialToken? {
    change { breaker, now, _ in breaker.abandon(claim, current: current, now: now) }
    return nil
  }
}

extension SharedBreaker.State {
  /// Takes out the trial that is kept, where it counts still and calls are not forbidden.
  fileprivate mutating func takeKept(now: Int64, isNeeded: Bool) -> TrialToken? {
    guard let kept else { return nil }
    guard breaker.isCurrent(kept, now: now) else {
      self.kept = nil
      return nil
    }
    guard admission(now: now, isNeeded: isNeeded) == .trialAvailable else { return nil }
    self.kept = nil
    return kept
  }
}
