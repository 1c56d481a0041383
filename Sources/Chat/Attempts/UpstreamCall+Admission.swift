internal import OpenAIWire
internal import Resilience

/// A target that was not asked, and why.
struct Skipped {
  let target: UpstreamTarget
  let reason: String
  let wait: Duration?
  let allowsLastResort: Bool

  /// What a client is told where nobody was asked.
  static func nobody(_ skipped: [Skipped]) -> OpenAIError {
    let list = skipped.prefix(20).map { "\($0.target.name): \($0.reason)" }
    return .unavailable(
      "No upstream can answer this now (\(list.joined(separator: "; "))).",
      retryAfter: skipped.compactMap(\.wait).min(), code: "upstream_unavailable")
  }
}

/// Who may be asked now.
extension UpstreamCall {
  func isAdmissible(_ target: UpstreamTarget) -> Bool {
    if case .refused = services.breaker(target)?.admission() { false } else { true }
  }

  /// Passes the breaker, and takes a place where places are limited.
  /// - Returns: nil where the target is not to be asked now.
  /// - Throws: `CancellationError` where the client has left the queue.
  func begin(
    _ target: UpstreamTarget, _ skipped: inout [Skipped]
  ) async throws -> UpstreamAttempt? {
    let breaker = services.breaker(target)
    var permit: CallPermit?
    switch breaker?.admission() {
    case nil: break
    case .allowed(let allowed): permit = allowed
    case .trialAvailable:
      permit = await breaker?.takeTrial()
      if permit == nil { skip(target, .trialRunning, nil, breaker, &skipped) }
    case .refused(let refusal, let until): skip(target, refusal, until, breaker, &skipped)
    }
    if breaker != nil && permit == nil { return nil }
    let attempt = UpstreamAttempt(target, breaker, permit)
    return try await enter(attempt, &skipped) ? attempt : nil
  }

  /// An attempt at the one that is nearest to its trial.
  /// - Returns: nil where there is none, or no place at it.
  func beginLastResort(_ skipped: [Skipped]) async throws -> UpstreamAttempt? {
    let nearest = skipped.filter(\.allowsLastResort)
      .min { ($0.wait ?? .zero) < ($1.wait ?? .zero) }
    guard let target = nearest?.target else { return nil }
    let breaker = services.breaker(target)
    let attempt = UpstreamAttempt(target, breaker, breaker?.lastResortPermit)
    var ignored: [Skipped] = []
    return try await enter(attempt, &ignored) ? attempt : nil
  }

  private func skip(
    _ target: UpstreamTarget, _ refusal: Admission.Refusal, _ until: Int64?,
    _ breaker: SharedBreaker?, _ skipped: inout [Skipped]
  ) {
    let wait = until.flatMap { until in
      breaker.map { Duration.milliseconds($0.millisecondsUntil(until)) }
    }
    passOver(target, "unavailable")
    skipped.append(
      Skipped(
        target: target, reason: refusal.sentence(wait: wait), wait: wait,
        allowsLastResort: refusal.isDoubtful))
  }

  /// Takes a place for an attempt. Where there is none, its permit is given back.
  private func enter(
    _ attempt: UpstreamAttempt, _ skipped: inout [Skipped]
  ) async throws -> Bool {
    let target = attempt.target
    guard let limit = services.limits[target] else { return true }
    do throws(ConcurrencyLimit.Refusal) {
      try await limit.enter(on: services.loop)
      return true
    } catch {
      attempt.record(.ignored)
      if error == .cancelled { throw CancellationError() }
      passOver(target, "busy")
      skipped.append(
        Skipped(
          target: target, reason: "too many requests are under way", wait: .seconds(1),
          allowsLastResort: false))
      return false
    }
  }
}
