internal import State
internal import Synchronization

/// Calls that are made though a breaker is open, since nobody else is left. One at a time is enough to
/// find out that it works again, and more would be no relief for a provider that is down.
extension SharedBreaker {
  /// Whether such a call could be made now.
  package var offersLastResort: Bool {
    let now = board.clock.now
    return state.withLock { $0.offersLastResort(now: now) }
  }

  /// Begins such a call, which is to be recorded.
  /// - Returns: nil where another one is under way, or has just failed.
  package func takeLastResort() -> CallPermit? {
    let now = board.clock.now
    return state.withLock { state in
      guard state.offersLastResort(now: now) else { return nil }
      // What was found out while a place was waited for holds: a rejected key, an operator's word.
      if case .refused(let refusal, _) = state.admission(now: now), !refusal.isDoubtful {
        return nil
      }
      state.lastResort.number += 1
      state.lastResort.beganAt = now
      return .lastResort(state.breaker.snapshot.epoch, number: state.lastResort.number)
    }
  }

  /// Makes room for the next one.
  func endLastResort(_ number: Int, _ outcome: CallOutcome) {
    let now = board.clock.now
    state.withLock { state in
      // One that took longer than its lease makes no room in place of the next.
      if number == state.lastResort.number { state.lastResort.beganAt = nil }
      switch outcome {
      case .success, .ignored: state.lastResort.failedAt = nil
      case .failure, .unavailable, .rateLimited, .badKey, .keyRejectedByCheck, .outOfCredit:
        state.lastResort.failedAt = now
      }
    }
  }
}

extension SharedBreaker.State {
  /// When calls as a last resort were made, in milliseconds of the shared clock, which may be set back.
  struct LastResort {
    /// Of the latest one.
    var number = 0
    /// Of the one that is under way.
    var beganAt: Int64?
    /// When the last one failed, if it did.
    var failedAt: Int64?
  }

  /// After one that failed, in milliseconds.
  private static let pause: Int64 = 1000

  fileprivate func offersLastResort(now: Int64) -> Bool {
    // None takes longer than a trial may, unless it goes well.
    if let began = lastResort.beganAt,
      (began..<began + breaker.settings.trialLease.milliseconds).contains(now)
    {
      return false
    }
    return lastResort.failedAt.map { !($0..<$0 + Self.pause).contains(now) } ?? true
  }
}
