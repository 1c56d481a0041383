extension CircuitBreaker {
  /// Records at `now` how the call with `permit` ended.
  ///
  /// A call that began under an earlier state neither opens nor closes anything, nor does one made
  /// while the breaker is open; a cool-down, a rejected key and an empty account hold whoever found
  /// them, except for what was found before a reset.
  package mutating func record(
    _ outcome: CallOutcome, of permit: CallPermit, now: Int64,
    using generator: inout some RandomNumberGenerator
  ) -> [Transition] {
    switch permit {
    case .trial(let token): return recordTrial(outcome, token, now: now, using: &generator)
    case .call(let epoch): return recordCall(outcome, epoch, now: now, using: &generator)
    }
  }

  private mutating func recordCall(
    _ outcome: CallOutcome, _ epoch: Epoch, now: Int64,
    using generator: inout some RandomNumberGenerator
  ) -> [Transition] {
    guard epoch.generation == snapshot.generation else { return [] }
    let counts = snapshot.core.phase == .closed && epoch.number == snapshot.core.number
    switch outcome {
    case .ignored:
      return []
    case .rateLimited, .badKey, .outOfCredit:
      return changing(now: now) { $0.pause(outcome, now: now) }
    case .success(let durationMs):
      guard counts else { return [] }
      let slow = isSlow(durationMs)
      window.addSuccess(slow: slow, now: now)
      // Only bad news opens a breaker: a fast success is not asked.
      guard slow, tooManySlowCalls(now: now) else { return [] }
      return changing(now: now) { $0.trip(.slowCalls, now: now, using: &generator) }
    case .failure:
      guard counts else { return [] }
      window.addFailure(now: now)
      guard let reason = tooManyFailures(now: now) else { return [] }
      return changing(now: now) { $0.trip(reason, now: now, using: &generator) }
    }
  }

  func isSlow(_ durationMs: Int64) -> Bool {
    guard let rule = settings.slowCalls else { return false }
    return durationMs > rule.threshold.milliseconds
  }

  private func tooManySlowCalls(now: Int64) -> Bool {
    guard let rule = settings.slowCalls else { return false }
    let counts = window.counts(now: now)
    return rule.share.applies(to: counts.slow, of: counts.calls)
  }

  private func tooManyFailures(now: Int64) -> Transition.Reason? {
    let counts = window.counts(now: now)
    if let limit = settings.failureCount, counts.failures >= limit { return .failureCount }
    if let rule = settings.failureRate, rule.applies(to: counts.failures, of: counts.calls) {
      return .failureRate
    }
    return nil
  }

  /// Puts a pause in force. It is never shortened by a later, shorter one.
  mutating func pause(_ outcome: CallOutcome, now: Int64) -> Transition.Reason {
    switch outcome {
    case .rateLimited(let retryAfterMs):
      let asked = retryAfterMs ?? settings.coolDown.milliseconds
      let time = asked.clamped(to: 0...settings.coolDownCap.milliseconds)
      snapshot.coolingUntil = max(snapshot.coolingUntil, now + time)
      return .rateLimited
    case .badKey:
      let until = now + settings.badKeyTime.milliseconds
      snapshot.badKeyUntil = max(snapshot.badKeyUntil, until)
      return .badKey
    case .outOfCredit:
      let until = now + settings.noCreditTime.milliseconds
      snapshot.noCreditUntil = max(snapshot.noCreditUntil, until)
      return .outOfCredit
    case .success, .failure, .ignored:
      return .trialReleased
    }
  }

  mutating func trip(
    _ reason: Transition.Reason, now: Int64, using generator: inout some RandomNumberGenerator
  ) -> Transition.Reason {
    let trips = min(snapshot.core.trips + 1, BreakerCore.maximumTrips)
    snapshot.core.trips = trips
    // Above what a trial that began at this very moment would close with.
    snapshot.core.number = max(snapshot.core.number, now) + 1
    snapshot.core.phase = .open(
      until: now + settings.openMilliseconds(trip: trips, using: &generator))
    return reason
  }
}
