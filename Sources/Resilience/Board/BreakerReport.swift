internal import State
internal import Synchronization

/// What a breaker shows to operators. Times are in milliseconds of the shared clock.
package struct BreakerReport: Sendable {
  package let key: BreakerKey
  package let state: BreakerState
  /// Calls counted by this gateway within the window.
  package let counts: CallCounts
  /// Calls counted by all gateways together, when that was asked for last within the window; those of
  /// this gateway where it was not.
  package let total: CallCounts
  package let settings: BreakerSettings
  /// How often in a row it has opened.
  package let trips: Int
  /// When the present state began; nil where it has been so from the start, or that is not known.
  package let since: Int64?
  /// When the breaker last opened, where it is open or half-open and that is known.
  package let openedAt: Int64?
  /// Whether nobody is refused, and others are only asked first.
  package let rests: Bool
  /// When a call may be made at the earliest, where none may be made now and that is known.
  package let nextTrialAt: Int64?
  package let lastFailure: LastFailure?
  /// The calls of the last five minutes.
  package let calls: LatencySummary
  /// Whether the state is shared with the store at the moment: the store is there, and has taken what
  /// it was told last.
  package let isShared: Bool
  /// The present time.
  package let now: Int64
}

extension SharedBreaker {
  /// What it shows now.
  package var report: BreakerReport {
    let now = board.clock.now
    let isShared = board.isShared
    return state.withLock { state in
      var next: Int64?
      var rests = false
      switch state.admission(now: now) {
      case .allowed: break
      case .trialAvailable: next = now
      case .refused(let refusal, let until): (next, rests) = (until, refusal == .resting)
      }
      let shown = state.breaker.state(now: now)
      let counts = state.breaker.counts(now: now)
      return BreakerReport(
        key: key, state: shown, counts: counts, total: state.total(now: now) ?? counts,
        settings: state.breaker.settings, trips: state.breaker.snapshot.core.trips,
        since: state.since(shown), openedAt: state.openedAt, rests: rests,
        nextTrialAt: next,
        lastFailure: state.lastFailure,
        calls: state.calls.summary(now: now),
        isShared: isShared && state.isShared && !state.isRefused, now: now)
    }
  }
}
