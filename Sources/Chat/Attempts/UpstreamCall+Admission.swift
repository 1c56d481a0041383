internal import OpenAIWire
internal import Resilience

/// A target that was not asked, and why.
struct Skipped {
  let target: UpstreamTarget
  let reason: String
  let wait: Duration?
  /// Why its breaker does not let it be asked; nil where it has no place left.
  let refusal: Admission.Refusal?

  /// Whether it is to be asked once nobody else is left.
  var rests: Bool { refusal == .resting }
  /// Whether its trial is another request's, or was not granted in time: it may work by now.
  var isTried: Bool { refusal == .trialRunning }

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

  /// Whether it could be asked in place of one that has failed: at last also where it rests, or where
  /// another request makes its trial.
  func isLeft(_ target: UpstreamTarget) -> Bool {
    guard let breaker = services.breaker(target),
      case .refused(let refusal, _) = breaker.admission()
    else { return true }
    switch refusal {
    case .resting: return true
    case .trialRunning: return services.asksLastResort && breaker.offersLastResort
    case .open, .coolingDown, .badKey, .noCredit, .forcedOpen: return false
    }
  }

  /// Whether its breaker would let it be asked after a wait, as far as is known now: nobody waits, and
  /// nothing is taken out of a budget, for a repetition that it would refuse.
  func isAdmissible(
    _ target: UpstreamTarget, after failure: AttemptFailure, _ wait: Duration, isNeeded: Bool
  ) -> Bool {
    guard let breaker = services.breaker(target),
      case .refused(_, let until) = breaker.admission(isNeeded: isNeeded || failure.isVagueLimit)
    else { return true }
    return until.map { .milliseconds(breaker.millisecondsUntil($0)) <= wait } ?? false
  }

  /// Takes the target that is to be asked next out of those that are left. Where the first of them has
  /// no place free, that is the first one that has: nobody waits where another one could answer. Those
  /// that were passed over are left, for where it fails or has no place any more.
  /// - Parameter last: the failure after which the first one is asked again.
  /// - Returns: the target, and whether a place was taken at it.
  func next(
    of queue: inout ArraySlice<UpstreamTarget>, after last: AttemptFailure?
  ) -> (UpstreamTarget, hasPlace: Bool)? {
    guard last == nil, queue.count > 1, let first = queue.first,
      let limit = services.limits[first], isAdmissible(first)
    else { return queue.popFirst().map { ($0, false) } }
    if limit.enterAtOnce() { return queue.popFirst().map { ($0, true) } }
    for index in queue.indices.dropFirst() where isAdmissible(queue[index]) {
      let limit = services.limits[queue[index]]
      guard limit?.enterAtOnce() ?? true else { continue }
      for target in queue[..<index] {
        passOver(target, isAdmissible(target) ? "busy" : "unavailable")
      }
      return (queue.remove(at: index), limit != nil)
    }
    return queue.popFirst().map { ($0, false) }
  }

  /// Takes a place where places are limited, and passes the breaker, while there is time to ask.
  /// - Parameters:
  ///   - last: the failure after which the same one is asked again.
  ///   - hasPlace: whether a place was taken.
  ///   - isNeeded: whether nobody else is left who could answer.
  /// - Returns: nil where the target is not to be asked now.
  /// - Throws: `CancellationError` where the client has left the queue.
  func begin(
    _ target: UpstreamTarget, after last: AttemptFailure?, hasPlace: Bool, isNeeded: Bool,
    _ skipped: inout [Skipped]
  ) async throws -> UpstreamAttempt? {
    let isNeeded = isNeeded || last?.isVagueLimit ?? false
    guard let attempt = try await admit(target, isNeeded: isNeeded, hasPlace: hasPlace, &skipped)
    else { return nil }
    if timeLeft > .zero { return attempt }
    // The wait for it has taken all of the time: it would be asked only to be cut off.
    attempt.record(.ignored)
    services.limits[target]?.leave()
    skipped.append(
      Skipped(
        target: target, reason: "no time is left", wait: .seconds(1), refusal: nil))
    return nil
  }

  private func admit(
    _ target: UpstreamTarget, isNeeded: Bool, hasPlace: Bool,
    _ skipped: inout [Skipped]
  ) async throws -> UpstreamAttempt? {
    let breaker = services.breaker(target)
    guard let limit = services.limits[target] else {
      return await pass(breaker, of: target, isNeeded, &skipped)
    }
    if !hasPlace {
      // Nobody waits for a place at an upstream that is not to be asked.
      if case .refused(let refusal, let until) = breaker?.admission(isNeeded: isNeeded) {
        skip(target, refusal, until, breaker, &skipped)
        return nil
      }
      guard try await enter(limit, of: target, &skipped) else { return nil }
    }
    // Asked again: it may have failed while others waited for a place.
    guard let attempt = await pass(breaker, of: target, isNeeded, &skipped) else {
      limit.leave()
      return nil
    }
    return attempt
  }

  private func pass(
    _ breaker: SharedBreaker?, of target: UpstreamTarget, _ isNeeded: Bool,
    _ skipped: inout [Skipped]
  ) async -> UpstreamAttempt? {
    guard let breaker else { return UpstreamAttempt(target, nil, nil, on: services.loop) }
    switch breaker.admission(isNeeded: isNeeded) {
    case .allowed(let permit): return UpstreamAttempt(target, breaker, permit, on: services.loop)
    case .trialAvailable:
      if let permit = await breaker.takeTrial(isNeeded: isNeeded) {
        return UpstreamAttempt(target, breaker, permit, on: services.loop)
      }
      skip(target, .trialRunning, nil, breaker, &skipped)
    case .refused(let refusal, let until): skip(target, refusal, until, breaker, &skipped)
    }
    return nil
  }

  /// An attempt at the one that is nearest to its trial.
  /// - Returns: nil where there is none, or no place at it, or another request does that already.
  func beginLastResort(_ skipped: [Skipped]) async throws -> UpstreamAttempt? {
    let nearest = skipped.filter { $0.refusal?.isDoubtful ?? false }
      .filter { services.breaker($0.target)?.offersLastResort ?? false }
      .min { ($0.wait ?? .zero) < ($1.wait ?? .zero) }
    guard let target = nearest?.target, let breaker = services.breaker(target) else { return nil }
    var ignored: [Skipped] = []
    if let limit = services.limits[target], try await !enter(limit, of: target, &ignored) {
      return nil
    }
    guard timeLeft > .zero, let permit = breaker.takeLastResort() else {
      services.limits[target]?.leave()
      return nil
    }
    return UpstreamAttempt(target, breaker, permit, on: services.loop)
  }

  private func skip(
    _ target: UpstreamTarget, _ refusal: Admission.Refusal, _ until: Int64?,
    _ breaker: SharedBreaker?, _ skipped: inout [Skipped]
  ) {
    let wait = breaker?.wait(refusal, until: until)
    passOver(target, "unavailable")
    skipped.append(
      Skipped(
        target: target, reason: refusal.sentence(wait: wait), wait: wait, refusal: refusal))
  }

  /// Takes a place.
  /// - Returns: whether there was one.
  private func enter(
    _ limit: ConcurrencyLimit, of target: UpstreamTarget, _ skipped: inout [Skipped]
  ) async throws -> Bool {
    do throws(ConcurrencyLimit.Refusal) {
      try await limit.enter(atMost: timeLeft, on: services.loop)
      return true
    } catch {
      if error == .cancelled { throw CancellationError() }
      passOver(target, "busy")
      skipped.append(
        Skipped(
          target: target, reason: "too many requests are under way", wait: .seconds(1),
          refusal: nil))
      return false
    }
  }
}
