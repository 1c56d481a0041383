internal import State
internal import Synchronization

/// Answers who may be asked, by three layers: the provider is turned on, has a key, and its breaker
/// lets calls pass. An answer is kept for a while, and no longer than its breaker stays the same.
package final class HealthChecker: Sendable {
  private struct Answer {
    let availability: Availability
    let validUntil: Int64
    /// Nil where the breaker was not asked.
    let asked: Asked?

    func isValid(at now: Int64, _ board: BreakerBoard) -> Bool {
      validUntil > now && (asked.map { $0.isSame(on: board) } ?? true)
    }
  }

  /// A breaker as it was before it was asked.
  private struct Asked {
    let breaker: SharedBreaker
    let revision: Int
    /// The board's: with another one the key may have another breaker.
    let membership: Int

    func isSame(on board: BreakerBoard) -> Bool {
      breaker.revision == revision && board.membership == membership
    }
  }

  private let board: BreakerBoard
  private let lifetime: Duration
  private let configured: @Sendable (BreakerKey) -> Availability
  private let answers = Mutex([BreakerKey: Answer]())
  /// How long a reason is kept that tells how long it will last, in milliseconds: it counts seconds.
  private static let countdown: Int64 = 1000
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
      answers[key].flatMap { $0.isValid(at: now, board) ? $0.availability : nil }
    }
    if let kept { return kept }
    let answer = ask(key, now)
    answers.withLock { answers in
      if answers.count >= Self.capacity { answers.removeAll() }
      answers[key] = answer
    }
    return answer.availability
  }

  private func ask(_ key: BreakerKey, _ now: Int64) -> Answer {
    let end = now + Int64(lifetime / .milliseconds(1))
    let configured = configured(key)
    guard configured.isAvailable else {
      return Answer(availability: configured, validUntil: end, asked: nil)
    }
    let membership = board.membership
    let breaker = board.breaker(key)
    let asked = Asked(breaker: breaker, revision: breaker.revision, membership: membership)
    guard case .refused(let refusal, let until) = breaker.admission() else {
      return Answer(availability: .available, validUntil: end, asked: asked)
    }
    let wait = breaker.wait(refusal, until: until)
    let availability = Availability(
      refusal == .resting ? nil : .breaker, refusal.sentence(wait: wait),
      until: wait.map { now + $0.milliseconds },
      allowsLastResort: refusal.isDoubtful)
    // What ends by itself is not believed any longer, nor is how long that is said to take.
    let reasonEnd = until.map { min($0, now + Self.countdown) } ?? .max
    return Answer(availability: availability, validUntil: min(end, reasonEnd), asked: asked)
  }
}
