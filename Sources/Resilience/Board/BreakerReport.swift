internal import State
internal import Synchronization

/// What a breaker shows to operators. Times are in milliseconds of the shared clock.
package struct BreakerReport: Sendable {
  package let key: BreakerKey
  package let state: BreakerState
  /// Calls counted by this gateway within the window.
  package let counts: CallCounts
  /// Calls counted by all gateways together, when that was asked for last.
  package let total: CallCounts
  package let settings: BreakerSettings
  /// How often in a row it has opened.
  package let trips: Int
  /// When the present state began; nil where it has been so from the start.
  package let since: Int64?
  /// When a call may be made at the earliest, where none may be made now and that is known.
  package let nextTrialAt: Int64?
  package let lastFailure: LastFailure?
  /// The calls of the last five minutes.
  package let calls: LatencySummary
  /// Whether the state is shared with the store at the moment.
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
      switch state.breaker.admission(now: now) {
      case .allowed: break
      case .trialAvailable: next = now
      case .refused(_, let until): next = until
      }
      let snapshot = state.breaker.snapshot
      let began = snapshot.core.number
      return BreakerReport(
        key: key, state: state.breaker.state(now: now), counts: state.breaker.counts(now: now),
        total: state.total, settings: state.breaker.settings, trips: snapshot.core.trips,
        since: began == 0 ? nil : began, nextTrialAt: next, lastFailure: state.lastFailure,
        calls: state.calls.summary(now: now), isShared: isShared && state.isShared, now: now)
    }
  }
}
