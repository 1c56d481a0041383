internal import EventLoop
internal import Resilience

/// One attempt at one upstream. Loop-bound.
package final class UpstreamAttempt {
  /// Who is asked.
  package let target: UpstreamTarget
  /// Whether something of its answer has been passed on: from then on no other one can take over.
  package private(set) var isCommitted = false
  /// Why the answer is a failure, though it came: for one that breaks off without an error.
  package var failure: AttemptFailure?
  /// Whether the gateway's own key and account were named, so that what they may not do counts.
  var namesOwnAccount = false
  /// Whether the deadline leaves it less time than the upstream should have.
  var isCutShort = false
  private let permit: CallPermit?
  private let breaker: SharedBreaker?
  private let started = EventLoop.nanoseconds
  private var firstByte: UInt64?
  private var isRecorded = false

  init(_ target: UpstreamTarget, _ breaker: SharedBreaker?, _ permit: CallPermit?) {
    self.target = target
    self.breaker = breaker
    self.permit = permit
  }

  /// Notes that something of the answer is passed on.
  package func commit() { isCommitted = true }

  /// Notes that the upstream has begun to answer.
  func answered() { firstByte = EventLoop.nanoseconds }

  /// Since the upstream has begun to answer; zero before.
  package var answeringTime: Duration {
    firstByte.map { .nanoseconds(EventLoop.nanoseconds - $0) } ?? .zero
  }
  var timeToFirstByte: Duration? { firstByte.map { .nanoseconds($0 - started) } }
  var elapsed: Duration { .nanoseconds(EventLoop.nanoseconds - started) }

  /// Tells the breaker how it went, once.
  func record(_ failure: AttemptFailure) {
    record(failure.outcome(ownAccount: namesOwnAccount), reason: failure.reason)
  }

  /// Tells the breaker how it went, once.
  func record(_ outcome: CallOutcome, reason: String? = nil) {
    guard !isRecorded else { return }
    isRecorded = true
    if let permit { breaker?.record(outcome, of: permit, reason: reason) }
  }

  /// Tells the breaker that all went well.
  func recordSuccess() {
    let answered = firstByte ?? EventLoop.nanoseconds
    record(.success(durationMs: Int64((answered - started) / 1_000_000)))
  }
}
