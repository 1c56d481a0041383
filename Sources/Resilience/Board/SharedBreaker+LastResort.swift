internal import State
internal import Synchronization

/// Calls that are made though a breaker is open, since nobody else is left. One at a time is enough to
/// find out that it works again, and more would be no relief for a provider that is down.
extension SharedBreaker {
  /// Whether such a call could be made now.
  package var offersLastResort: Bool {
    let now = clock.now
    return state.withLock { $0.offersLastResort(now: now) }
  }

  /// Begins such a call, which is to be recorded.
  /// - Returns: nil where another one is under way, or has just failed.
  package func takeLastResort() -> CallPermit? {
    let now = clock.now
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

  /// Makes room for the next one. Two in a row that went well close the breaker: who is asked one by
  /// one until the time for a trial has come would be no relief to clients.
  /// - Parameter epoch: the state that it began under.
  func endLastResort(_ number: Int, _ outcome: CallOutcome, under epoch: Epoch) {
    let now = clock.now
    let isProof = state.withLock { state in
      state.endLastResort(number, outcome, under: epoch, now: now)
    }
    guard isProof else { return }
    change { breaker, now, _ in
      breaker.close(provenUnder: epoch, now: now, reason: .lastResortsSucceeded)
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
    /// The state under which the last ones went well, and how many in a row did.
    var succeeded: (epoch: Epoch, count: Int)?
  }

  /// So many in a row that go well close the breaker.
  private static let proof = 2

  /// - Returns: whether the provider has proven that it works.
  fileprivate mutating func endLastResort(
    _ number: Int, _ outcome: CallOutcome, under epoch: Epoch, now: Int64
  ) -> Bool {
    // One that took longer than its lease makes no room in place of the next.
    if number == lastResort.number { lastResort.beganAt = nil }
    switch outcome {
    case .success(let duration):
      lastResort.failedAt = nil
      guard !breaker.isSlow(duration), epoch == breaker.snapshot.epoch else { return false }
      let before = lastResort.succeeded.map { $0.epoch == epoch ? $0.count : 0 } ?? 0
      lastResort.succeeded = (epoch, before + 1)
      return before + 1 >= Self.proof
    case .ignored: lastResort.failedAt = nil
    case .failure, .unavailable, .rateLimited, .badKey, .keyRejectedByCheck, .outOfCredit:
      (lastResort.failedAt, lastResort.succeeded) = (now, nil)
    }
    return false
  }

  /// After one that failed, in milliseconds.
  private static let pause: Int64 = 1000

  fileprivate func offersLastResort(now: Int64) -> Bool {
    // A provider that has asked to be left alone is no case of doubt.
    guard breaker.snapshot.coolingUntil <= now else { return false }
    // None takes longer than a trial may, unless it goes well.
    if let began = lastResort.beganAt,
      (began..<began + breaker.settings.trialLease.milliseconds).contains(now)
    {
      return false
    }
    return lastResort.failedAt.map { !($0..<$0 + Self.pause).contains(now) } ?? true
  }
}
