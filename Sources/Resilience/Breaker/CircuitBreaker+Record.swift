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
    case .call(let epoch), .lastResort(let epoch, _):
      return recordCall(outcome, epoch, now: now, using: &generator)
    }
  }

  /// Whether a call that ends so may change more than what is counted: a success that was not slow
  /// does not, unless it is a trial's.
  func isDecisive(_ outcome: CallOutcome, of permit: CallPermit) -> Bool {
    guard case .call = permit, case .success(let durationMs) = outcome else { return true }
    return isSlow(durationMs)
  }

  private mutating func recordCall(
    _ outcome: CallOutcome, _ epoch: Epoch, now: Int64,
    using generator: inout some RandomNumberGenerator
  ) -> [Transition] {
    guard !snapshot.isVoid(epoch) else { return [] }
    let counts = snapshot.core.phase == .closed && epoch.number == snapshot.core.number
    switch outcome {
    case .ignored:
      return []
    case .rateLimited, .badKey, .keyRejectedByCheck, .outOfCredit:
      return changing(now: now) { $0.pause(outcome, now: now) }
    case .success(let durationMs):
      guard counts else { return [] }
      let slow = isSlow(durationMs)
      window.addSuccess(slow: slow, now: now)
      streak = 0
      // Only bad news opens a breaker: a fast success is not asked.
      guard slow, let reason = settings.reasonToOpen(slow: window.counts(now: now)) else {
        return []
      }
      return changing(now: now) { $0.trip(reason, now: now, using: &generator) }
    case .failure, .unavailable:
      return changing(now: now) { breaker in
        let paused = breaker.pause(outcome, now: now)
        guard counts else { return paused }
        breaker.window.addFailure(now: now)
        breaker.streak += 1
        guard let reason = breaker.tooManyFailures(now: now) else { return paused }
        return breaker.trip(reason, now: now, using: &generator)
      }
    }
  }

  /// Takes over at `now` what all gateways together have counted in the state `epoch`, within one
  /// window. Counts of another state say nothing.
  package mutating func absorb(
    _ counts: CallCounts, under epoch: Epoch, now: Int64,
    using generator: inout some RandomNumberGenerator
  ) -> [Transition] {
    guard epoch == snapshot.epoch, snapshot.core.phase == .closed,
      let reason = settings.reasonToOpen(failures: counts) ?? settings.reasonToOpen(slow: counts)
    else { return [] }
    return changing(now: now) { $0.trip(reason, now: now, using: &generator) }
  }

  func isSlow(_ durationMs: Int64) -> Bool {
    guard let rule = settings.slowCalls else { return false }
    return durationMs > rule.threshold.milliseconds
  }

  private func tooManyFailures(now: Int64) -> Transition.Reason? {
    if let limit = settings.consecutiveFailures, streak >= limit { return .consecutiveFailures }
    return settings.reasonToOpen(failures: window.counts(now: now))
  }

  /// Puts a pause in force. It is never shortened by a later, shorter one.
  mutating func pause(_ outcome: CallOutcome, now: Int64) -> Transition.Reason {
    switch outcome {
    case .rateLimited(let retryAfterMs):
      // A time that is over says no more than none.
      if let retryAfterMs, retryAfterMs > 0 {
        leaveAlone(for: retryAfterMs, now: now)
      } else {
        restsUntil = max(restsUntil, now + settings.coolDown.milliseconds)
      }
      return .rateLimited
    case .unavailable(let retryAfterMs):
      leaveAlone(for: retryAfterMs, now: now)
      return .askedToWait
    case .badKey: return rejectKey(for: settings.badKeyTime.milliseconds, now: now)
    case .keyRejectedByCheck(let time):
      return rejectKey(for: min(time, settings.badKeyTime.milliseconds), now: now)
    case .outOfCredit:
      let until = now + settings.noCreditTime.milliseconds
      snapshot.noCredit.extend(credential, found: now, until: until)
      return .outOfCredit
    case .success, .failure, .ignored:
      return .trialReleased
    }
  }

  private mutating func rejectKey(for milliseconds: Int64, now: Int64) -> Transition.Reason {
    snapshot.badKeys.extend(credential, found: now, until: now + milliseconds)
    return .badKey
  }

  /// Puts a cool-down in force that the provider asked for.
  private mutating func leaveAlone(for milliseconds: Int64, now: Int64) {
    let until = now + milliseconds.clamped(to: 0...settings.coolDownCap.milliseconds)
    snapshot.cooling.extend("", found: now, until: until)
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
