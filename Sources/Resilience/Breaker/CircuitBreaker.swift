/// A circuit breaker: it counts how calls to one provider and model end, refuses them while the
/// provider fails, and lets one trial at a time find out whether it works again.
///
/// A value without a clock, randomness or I/O of its own. `now` is always in milliseconds, on a
/// clock that all gateways which share the breaker have in common (roughly: see ``BreakerCore``).
/// The passing of time is no mutation: an open breaker whose time has come still shows as open,
/// and ``admission(now:)`` offers the trial.
package struct CircuitBreaker: Sendable, Hashable {
  /// The settings, within their bounds.
  package let settings: BreakerSettings
  /// Which key calls are made with, among those that gateways may use: a digest of it, or empty. What
  /// is found out about one key or its account says nothing of another.
  package let credential: String
  /// What other gateways should know: publish it when it has changed.
  package internal(set) var snapshot: BreakerSnapshot
  var window: FailureWindow
  /// Failures since the last success, of calls that count.
  var streak = 0
  /// Until when others are asked first, where there are any: the provider has refused a call for being
  /// one too many, and has not said for how long. This gateway's own affair, and no reason to refuse
  /// a request that nobody else could answer.
  var restsUntil: Int64 = 0
  /// A trial was asked for at the store, which has not answered; 0: none.
  var claimPendingUntil: Int64 = 0
  /// Trials that were asked for at the store, which has not answered in time: it may have granted one, or
  /// grant it still. A few: each follows an outage of the store.
  var givenUp: [TrialToken] = []

  /// A breaker in the state of `snapshot`, which is closed unless it was stored before.
  package init(
    settings: BreakerSettings = BreakerSettings(), credential: String = "",
    snapshot: BreakerSnapshot = BreakerSnapshot()
  ) {
    let settings = settings.clamped()
    self.settings = settings
    self.credential = KeyPauses.isCredential(credential) ? credential : ""
    self.snapshot = snapshot
    window = FailureWindow(length: settings.window.milliseconds, buckets: settings.windowBuckets)
  }

  /// The permit of a call that begins now, whether or not the breaker would let it pass: with it,
  /// a call made as a last resort is recorded without deciding anything while the breaker is open.
  package var permit: CallPermit { .call(snapshot.epoch) }

  /// Whether a call may be made at `now`.
  /// - Parameter isNeeded: whether it is a repetition that was told to come later, and not when, or one
  ///   that nobody else could answer: no rest keeps it away that the provider has not asked for.
  package func admission(now: Int64, isNeeded: Bool = false) -> Admission {
    switch snapshot.override.mode {
    case .forcedOpen: return .refused(.forcedOpen, until: nil)
    case .forcedClosed: return .allowed(permit)
    case .none: break
    }
    let coolingUntil = snapshot.coolingUntil
    let restsUntil = isNeeded ? 0 : restsUntil
    let paused = max(coolingUntil, badKeyUntil, noCreditUntil, restsUntil)
    if snapshot.core.phase == .closed, paused <= now { return .allowed(permit) }
    let core = coreObstacle(now: now)
    let until = max(paused, core.until)
    if badKeyUntil > now { return .refused(.badKey, until: until) }
    if noCreditUntil > now { return .refused(.noCredit, until: until) }
    if core.until > now { return .refused(core.reason, until: until) }
    if coolingUntil > now { return .refused(.coolingDown, until: until) }
    if restsUntil > now { return .refused(.resting, until: until) }
    return snapshot.core.phase == .closed ? .allowed(permit) : .trialAvailable
  }

  /// What the breaker shows at `now`: what an operator decided, else a bad key, no credit, the open
  /// or half-open state, the cool-down, closed; the first of these that is in force.
  package func state(now: Int64) -> BreakerState {
    switch snapshot.override.mode {
    case .forcedOpen: return .forcedOpen
    case .forcedClosed: return .forcedClosed
    case .none: break
    }
    if badKeyUntil > now { return .badKey(until: badKeyUntil) }
    if noCreditUntil > now { return .noCredit(until: noCreditUntil) }
    switch snapshot.core.phase {
    case .open(let until): return .open(until: until)
    case .halfOpen(let owner, let leaseUntil):
      return .halfOpen(owner: owner, leaseUntil: leaseUntil)
    case .closed:
      let until = max(snapshot.coolingUntil, restsUntil)
      return until > now ? .coolingDown(until: until) : .closed
    }
  }

  /// Calls counted here within the window at `now`. While the breaker is open, those that led to it.
  package func counts(now: Int64) -> CallCounts { window.counts(now: now) }

  /// The number of the part of the window that a time is in.
  func part(at time: Int64) -> Int64 { window.number(of: time) }

  /// Forgets what was counted: it belongs to a state that is over.
  mutating func forgetCounts() {
    window.clear()
    streak = 0
  }

  /// Forgets what was counted before a time, as far as the parts of the window go.
  mutating func forgetCounts(before time: Int64, now: Int64) {
    window.forget(before: time)
    streak = min(streak, window.counts(now: now).failures)
  }

  private var badKeyUntil: Int64 { snapshot.badKeys.until(credential) }
  private var noCreditUntil: Int64 { snapshot.noCredit.until(credential) }

  private func coreObstacle(now: Int64) -> (reason: Admission.Refusal, until: Int64) {
    if snapshot.core.phase == .closed { return (.open, 0) }
    if case .open(let until) = snapshot.core.phase, until > now { return (.open, until) }
    let lease = snapshot.trial.settled ? 0 : snapshot.trial.until
    return (.trialRunning, max(claimPendingUntil, lease))
  }

  /// Runs a mutation and returns the transition, if what the breaker shows has changed.
  mutating func changing(
    now: Int64, _ mutation: (inout CircuitBreaker) -> Transition.Reason
  ) -> [Transition] {
    let before = state(now: now)
    let reason = mutation(&self)
    let after = state(now: now)
    return before == after ? [] : [Transition(from: before, to: after, reason: reason, at: now)]
  }
}
