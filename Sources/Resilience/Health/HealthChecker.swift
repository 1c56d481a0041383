internal import State
internal import Synchronization

/// Answers who may be asked, by three layers: the provider is turned on, has a key, and its breaker
/// lets calls pass. An answer is kept for a while, and dropped at once when its breaker changes.
package final class HealthChecker: Sendable {
  private struct Answer {
    let availability: Availability
    let validUntil: Int64
  }

  private let board: BreakerBoard
  private let lifetime: Duration
  private let configured: @Sendable (BreakerKey) -> Availability
  private let answers = Mutex([BreakerKey: Answer]())
  /// Answers that are kept; beyond it all are dropped.
  private static let capacity = 10_000

  /// - Parameters:
  ///   - lifetime: how long an answer is kept; zero keeps none.
  ///   - configured: the first two layers, which don't change while the process runs.
  package init(
    _ board: BreakerBoard, lifetime: Duration,
    configured: @escaping @Sendable (BreakerKey) -> Availability = { _ in .available }
  ) {
    self.board = board
    self.lifetime = lifetime
    self.configured = configured
  }

  /// Whether a model may be asked now. Waits for nothing.
  package func availability(of key: BreakerKey) -> Availability {
    let now = board.clock.now
    let kept = answers.withLock { answers in
      answers[key].flatMap { $0.validUntil > now ? $0.availability : nil }
    }
    if let kept { return kept }
    let availability = ask(key)
    // What ends by itself is not believed any longer.
    let end = min(now + Int64(lifetime / .milliseconds(1)), availability.until ?? .max)
    answers.withLock { answers in
      if answers.count >= Self.capacity { answers.removeAll() }
      answers[key] = Answer(availability: availability, validUntil: end)
    }
    return availability
  }

  /// Forgets what was answered: the breaker of the key has changed.
  package func drop(_ key: BreakerKey) {
    answers.withLock { _ = $0.removeValue(forKey: key) }
  }

  private func ask(_ key: BreakerKey) -> Availability {
    let configured = configured(key)
    guard configured.isAvailable else { return configured }
    let breaker = board.breaker(key)
    guard case .refused(let refusal, let until) = breaker.admission() else { return .available }
    let wait = until.map { Duration.milliseconds(breaker.millisecondsUntil($0)) }
    return Availability(
      .breaker, refusal.sentence(wait: wait), until: until, allowsLastResort: refusal.isDoubtful)
  }
}
