internal import State
internal import Synchronization

/// A circuit breaker that all loops of a gateway use, and that all gateways of a store share.
///
/// Asking and recording look at what is known here and wait for nobody. What others should know is
/// sent to the store on the side, and what others know is taken over as it is heard.
package final class SharedBreaker: Sendable {
  /// What it is about.
  package let key: BreakerKey
  let board: BreakerBoard
  let clock: SharedClock
  let state: Mutex<State>
  private let changes = Atomic<Int>(0)

  struct State {
    var breaker: CircuitBreaker
    var calls = LatencyWindow()
    var generator = SystemRandomNumberGenerator()
    var lastFailure: LastFailure?
    /// What the store should know and has not been told.
    var isDirty = false
    /// Somebody is telling the store.
    var isPublishing = false
    /// What is stored, as far as is known.
    var stored: StoredValue?
    /// What need not be stored: nobody would learn anything by it.
    var unsaid = BreakerSnapshot()
    /// How often the store was to be looked at anew.
    var look = 0
    /// Whether the state came from the store, or has been there.
    var isShared = false
    /// Who it is for those that count together: another one for each breaker that is made.
    let member = String(UInt64.random(in: .min ... .max), radix: 16)
    var own = OwnCounts()
    /// When the store was told of it last, in milliseconds.
    var sentAt: Int64 = 0
    /// What all gateways had counted when it was last asked for.
    var total: CountedTotal?
    /// When the breaker last opened; nil where it is closed, or opened before it was known here.
    var openedAt: Int64?
    /// The state that the last transition led to, and when.
    var entered: (name: String, at: Int64)?
    /// A trial that was granted after its request had gone on; the next one makes it.
    var kept: TrialToken?
    /// How many in a row were given back since no request came for them, and the state that the last one
    /// was given back to.
    var keptInVain: (count: Int, under: Epoch)?
    var lastResort = LastResort()
    /// The state that checks have led to: no call has failed, so that good checks end it.
    var openedByChecks: Epoch?
    /// Whether it is on its board no more.
    var isDropped = false
    /// Whether a call has succeeded.
    var hasSucceeded = false
    /// Whether the store has last refused what it was told.
    var isRefused = false
  }

  init(_ key: BreakerKey, settings: BreakerSettings, credential: String, board: BreakerBoard) {
    self.key = key
    self.board = board
    clock = board.clock
    state = Mutex(State(breaker: CircuitBreaker(settings: settings, credential: credential)))
  }

  /// Whether a call may be made now.
  /// - Parameter isNeeded: see ``CircuitBreaker/admission(now:isNeeded:)``.
  package func admission(isNeeded: Bool = false) -> Admission {
    let now = clock.now
    return state.withLock { $0.admission(now: now, isNeeded: isNeeded) }
  }

  /// Whether another request makes the trial now.
  package var isTried: Bool {
    if case .refused(.trialRunning, _) = admission() { true } else { false }
  }

  /// Raised by whatever may change the answer of ``admission()``, but for time. As long as it stays
  /// what it was before an admission was asked for, that answer holds.
  package var revision: Int { changes.load(ordering: .acquiring) }

  /// Changes the state in one step.
  func mutate<T>(_ body: (inout State) -> T) -> T {
    state.withLock { state in
      let before = state.decisive
      let result = body(&state)
      if before != state.decisive {
        state.noteOpening(since: before.snapshot.core)
        // Within the lock: who sees the new state sees this too.
        changes.wrappingAdd(1, ordering: .releasing)
      }
      return result
    }
  }

  /// The permit of what is found out while the breaker may be open, and not by a call through it.
  package var lastResortPermit: CallPermit { state.withLock { $0.breaker.permit } }

  /// What is found out about a key or an account by a call or a check that began at a time, and was
  /// not this breaker's: a reset since then makes it void.
  func permit(ofOneBegunAt time: Int64) -> CallPermit { .call(Epoch(generation: -1, number: time)) }

  /// How long it is until a time that ``admission()`` told, in milliseconds; never below 0.
  package func millisecondsUntil(_ until: Int64) -> Int64 { max(0, until - clock.now) }

  /// The longest that a caller is told to wait for the end of a trial.
  private static let longestTrialWait = Duration.seconds(5)

  /// How long a caller that ``admission()`` refused is told to wait; nil where nobody knows. For a
  /// trial less than its lease: nearly all end long before.
  package func wait(_ refusal: Admission.Refusal, until: Int64?) -> Duration? {
    let wait = until.map { Duration.milliseconds(millisecondsUntil($0)) }
    return refusal == .trialRunning
      ? min(wait ?? Self.longestTrialWait, Self.longestTrialWait) : wait
  }

  /// Records how a call with a permit ended. Once for each permit: a trial that is not recorded
  /// keeps the next one waiting until its lease ends.
  /// - Parameter reason: the class of a failure, such as `timed_out`, for the health page.
  package func record(_ outcome: CallOutcome, of permit: CallPermit, reason: String? = nil) {
    if case .lastResort(let epoch, let number) = permit {
      endLastResort(number, outcome, under: epoch)
    }
    let now = clock.now
    if let mustCount = state.withLock({ $0.countOnly(outcome, of: permit, now: now) }) {
      if mustCount { sendCounts() }
      return
    }
    let (transitions, mustPublish, mustCount) = mutate { state in
      let before = state.breaker.snapshot
      let transitions = state.breaker.record(outcome, of: permit, now: now, using: &state.generator)
      state.note(transitions)
      state.count(outcome, of: permit, reason: reason, now: now)
      let changed = !transitions.isEmpty || state.breaker.snapshot != before
      return (transitions, changed && state.beginPublishing(), state.isTimeToCount(outcome, now))
    }
    tell(transitions)
    if mustPublish { publish() }
    if mustCount { sendCounts() }
  }

  func tell(_ transitions: [Transition]) {
    for transition in transitions { board.changed(key, transition) }
  }

  /// Changes the breaker, and tells whoever should know.
  @discardableResult
  func change(
    _ body: (inout CircuitBreaker, Int64, inout SystemRandomNumberGenerator) -> [Transition]
  ) -> [Transition] {
    let now = clock.now
    let (transitions, mustPublish) = mutate { state in
      let before = state.breaker.snapshot
      let transitions = body(&state.breaker, now, &state.generator)
      state.note(transitions)
      return (transitions, state.breaker.snapshot != before && state.beginPublishing())
    }
    tell(transitions)
    if mustPublish { publish() }
    return transitions
  }

  // MARK: Operators and health checks

  /// Does what an operator says, and has it written down.
  /// - Parameter operator: who it was, as far as is known.
  package func perform(_ command: BreakerCommand, by operator: String) {
    change { breaker, now, generator in
      switch command {
      case .open: breaker.open(now: now, using: &generator)
      case .close: breaker.close(now: now)
      case .reset: breaker.reset(now: now)
      case .forceOpen: breaker.forceOpen(now: now)
      case .forceClosed: breaker.forceClosed(now: now)
      case .auto: breaker.liftOverride(now: now)
      }
    }
    board.observer.breaker(key, command: command, by: `operator`)
  }

  /// The state that a health check begins under.
  package var epoch: Epoch { state.withLock { $0.breaker.snapshot.epoch } }

  /// Opens the breaker after health checks that failed.
  package func openAfterChecks() {
    let transitions = change { breaker, now, generator in
      guard case .closed = breaker.state(now: now) else { return [] }
      return breaker.open(now: now, reason: .healthCheck, using: &generator)
    }
    guard !transitions.isEmpty else { return }
    state.withLock { $0.openedByChecks = $0.breaker.snapshot.epoch }
  }

  /// Notes that health checks have succeeded, which began under a state. Closes a breaker that checks
  /// have opened. Where calls have failed, a list of models says little of whether they would succeed
  /// now: then the next one is the trial.
  package func heal(afterChecksUnder epoch: Epoch) {
    let isTheirs = state.withLock { $0.openedByChecks == epoch }
    change { breaker, now, _ in
      isTheirs
        ? breaker.close(provenUnder: epoch, now: now, reason: .healthCheck)
        : breaker.hasten(under: epoch, now: now)
    }
  }
}

extension SharedBreaker.State {
  /// What an admission depends on, but for time.
  struct Decisive: Equatable {
    let snapshot: BreakerSnapshot
    let claimPendingUntil: Int64
    let restsUntil: Int64
    let kept: TrialToken?
  }

  fileprivate var decisive: Decisive {
    Decisive(
      snapshot: breaker.snapshot, claimPendingUntil: breaker.claimPendingUntil,
      restsUntil: breaker.restsUntil, kept: kept)
  }

  /// Whether a call may be made at `now`: a trial that is kept is offered here, and nowhere else.
  func admission(now: Int64, isNeeded: Bool = false) -> Admission {
    let admission = breaker.admission(now: now, isNeeded: isNeeded)
    guard case .refused(.trialRunning, _) = admission, let kept,
      breaker.isCurrent(kept, now: now)
    else { return admission }
    return .trialAvailable
  }

  /// Whether the caller has to tell the store: unless somebody does already, and will see this too.
  mutating func beginPublishing() -> Bool {
    isDirty = true
    guard !isPublishing else { return false }
    isPublishing = true
    return true
  }

  mutating func count(_ outcome: CallOutcome, of permit: CallPermit, reason: String?, now: Int64) {
    var counted = CallCounts()
    switch outcome {
    case .success(let duration):
      hasSucceeded = true
      calls.addSuccess(durationMs: duration, now: now)
      counted = CallCounts(calls: 1, slow: breaker.isSlow(duration) ? 1 : 0)
    case .failure, .unavailable:
      calls.addFailure(now: now)
      counted = CallCounts(calls: 1, failures: 1)
      lastFailure = LastFailure(reason: reason ?? "failure", at: now)
    // None of these opens the breaker; the calls have failed all the same.
    case .rateLimited:
      calls.addFailure(now: now)
      lastFailure = LastFailure(reason: reason ?? "rate_limited", at: now)
    case .badKey:
      calls.addFailure(now: now)
      lastFailure = LastFailure(reason: reason ?? "bad_key", at: now)
    case .outOfCredit:
      calls.addFailure(now: now)
      lastFailure = LastFailure(reason: reason ?? "out_of_credit", at: now)
    case .keyRejectedByCheck: lastFailure = LastFailure(reason: reason ?? "bad_key", at: now)
    case .ignored: break
    }
    // Of calls that began under an earlier state nothing is counted, here or elsewhere.
    guard counted.calls > 0, case .call(let epoch) = permit else { return }
    own.add(counted, in: breaker.part(at: now), under: epoch, current: breaker.snapshot.epoch)
  }

  /// Records a call that changes nothing but counts, as nearly all do, without a look at the rest.
  /// - Returns: whether it is time to tell the store; nil for a call that may change more.
  mutating func countOnly(_ outcome: CallOutcome, of permit: CallPermit, now: Int64) -> Bool? {
    guard !breaker.isDecisive(outcome, of: permit) else { return nil }
    _ = breaker.record(outcome, of: permit, now: now, using: &generator)
    count(outcome, of: permit, reason: nil, now: now)
    return isTimeToCount(outcome, now)
  }

  /// Failures are told at once. Successes matter only beside them, and can wait a second.
  func isTimeToCount(_ outcome: CallOutcome, _ now: Int64) -> Bool {
    guard own.isUntold else { return false }
    if outcome.isFailure { return breaker.settings.countsTogether }
    return breaker.settings.looksAtSuccesses && (now - sentAt >= 1000 || now < sentAt)
  }
}

extension BreakerSettings {
  /// Whether what other gateways count matters.
  var countsTogether: Bool { failureCount != nil || looksAtSuccesses }
}

/// The last failure that a breaker was told of.
package struct LastFailure: Sendable, Hashable {
  /// Its class, such as `timed_out`.
  package let reason: String
  /// When, in milliseconds of the shared clock.
  package let at: Int64
}
