package import Resilience

/// Asks the circuit breakers which models may be asked, and tells them how it went.
package struct BreakerHealth: ModelHealth {
  private let board: BreakerBoard
  private let checker: HealthChecker

  /// A health by the breakers of a board.
  package init(_ board: BreakerBoard, _ checker: HealthChecker) {
    self.board = board
    self.checker = checker
  }

  package func admission(of model: ImageModel) -> ModelAdmission {
    let availability = checker.availability(of: model.breakerKey)
    guard let reason = availability.reason else { return .allowed }
    let breaker = board.breaker(model.breakerKey)
    let wait = availability.until.map { until in
      Duration.milliseconds(breaker.millisecondsUntil(until))
    }
    return .refused(
      ModelRefusal(
        reason: reason, wait: wait,
        allowsLastResort: availability.allowsLastResort && breaker.offersLastResort,
        rests: availability.isAvailable, isTried: breaker.isTried))
  }

  package func begin(_ model: ImageModel, _ turn: ModelTurn) async -> ModelStart {
    let breaker = board.breaker(model.breakerKey)
    let isNeeded = turn != .usual
    let admission = breaker.admission(isNeeded: isNeeded)
    if turn == .lastResort, case .refused(let refusal, _) = admission, refusal.isDoubtful,
      let permit = breaker.takeLastResort()
    {
      return .begun(Call(breaker: breaker, permit: permit, board: board))
    }
    switch admission {
    case .allowed(let permit):
      return .begun(Call(breaker: breaker, permit: permit, board: board))
    case .refused(let refusal, let until):
      return .refused(Self.refusal(refusal, until, breaker))
    case .trialAvailable:
      guard let permit = await breaker.takeTrial(isNeeded: isNeeded) else {
        return .refused(Self.refusal(.trialRunning, nil, breaker))
      }
      return .begun(Call(breaker: breaker, permit: permit, board: board))
    }
  }

  private static func refusal(
    _ refusal: Admission.Refusal, _ until: Int64?, _ breaker: SharedBreaker
  ) -> ModelRefusal {
    let wait = breaker.wait(refusal, until: until)
    return ModelRefusal(
      reason: refusal.sentence(wait: wait), wait: wait,
      allowsLastResort: refusal.isDoubtful && breaker.offersLastResort, rests: refusal == .resting)
  }

  private struct Call: ModelCall {
    let breaker: SharedBreaker
    let permit: CallPermit
    let board: BreakerBoard

    var isProbe: Bool {
      switch permit {
      case .call: false
      case .trial, .lastResort: true
      }
    }

    func end(_ failure: ImageFailure?, after elapsed: Duration) {
      let outcome = CallOutcome(failure, after: elapsed)
      breaker.record(outcome, of: permit, reason: failure?.kind.rawValue)
      // A key and an account are those of all models of a provider.
      if outcome == .badKey || outcome == .outOfCredit {
        board.tellSiblings(
          of: breaker, outcome, after: elapsed, reason: failure?.kind.rawValue)
      }
    }
  }
}

extension ImageModel {
  /// The key of the model's breaker.
  package var breakerKey: BreakerKey { BreakerKey(.image, provider: provider, model: id) }
}

extension CallOutcome {
  /// What a call of an image model says of the provider's health.
  init(_ failure: ImageFailure?, after elapsed: Duration) {
    guard let failure else {
      self = .success(durationMs: Int64(elapsed / .milliseconds(1)))
      return
    }
    guard !failure.isGateways else {
      self = .ignored
      return
    }
    let retryAfterMs = failure.retryAfter.map { Int64($0 / .milliseconds(1)) }
    switch failure.kind {
    case .overloaded, .timedOut, .unreachable, .malformed:
      self = retryAfterMs.map { .unavailable(retryAfterMs: $0) } ?? .failure
    case .rateLimited: self = .rateLimited(retryAfterMs: retryAfterMs)
    case .badKey: self = .badKey
    case .outOfCredit: self = .outOfCredit
    case .badRequest, .refused, .notFound, .tooLarge, .cancelled, .noProvider: self = .ignored
    }
  }
}
