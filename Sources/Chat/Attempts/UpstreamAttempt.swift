internal import EventLoop
internal import HTTP
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
  private let loop: EventLoop
  private let breaker: SharedBreaker?
  private var permit: CallPermit?
  /// Ends a trial that goes well before its answer is over.
  private var trialEnd: LoopTimer?
  /// Whether a trial was recorded as a success before its answer was over.
  private var hasPassedTrial = false
  private let started = EventLoop.nanoseconds
  private var firstByte: UInt64?
  /// When the first of its content was passed on.
  private var firstContent: UInt64?
  /// How much of the answer's body has come.
  private var received: () -> Int = { 0 }
  private var isRecorded = false

  /// How long a trial may stream before it has succeeded: all other requests wait for it.
  private static let longestTrial = Duration.seconds(5)
  /// Between two looks at how a trial goes, at least: also where its lease is over.
  private static let shortestLook = Duration.milliseconds(100)

  init(
    _ target: UpstreamTarget, _ breaker: SharedBreaker?, _ permit: CallPermit?, on loop: EventLoop
  ) {
    self.target = target
    self.loop = loop
    self.breaker = breaker
    self.permit = permit
  }

  /// Notes that something of the answer is passed on.
  package func commit() {
    guard !isCommitted else { return }
    isCommitted = true
    firstContent = EventLoop.nanoseconds
    watchTrial(for: Self.longestTrial)
  }

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
    trialEnd?.cancel()
    received = { 0 }
    // That it goes well was told already.
    if case .success = outcome, hasPassedTrial { return }
    guard let permit, let breaker else { return }
    breaker.record(outcome, of: permit, reason: reason)
    // A key and an account are those of all models of an upstream.
    switch outcome {
    case .badKey, .outOfCredit: breaker.tellSiblings(outcome, after: elapsed, reason: reason)
    default: break
    }
  }

  /// Tells the breaker that all went well.
  func recordSuccess() {
    record(.success(durationMs: contentTime))
  }

  /// How long it took until the first content came, in milliseconds: many servers send the head of an
  /// answer long before.
  private var contentTime: Int64 {
    Int64(((firstContent ?? EventLoop.nanoseconds) - started) / 1_000_000)
  }

  // MARK: Trials

  /// Notes that the answer is none that refuses. Where it takes long to come, the trial is over before
  /// its lease is, all the same.
  func accepted(_ response: ClientResponse) {
    guard case .trial = permit else { return }
    received = { response.bytesReceived }
    watchTrial(for: nil)
  }

  /// Has a trial succeed after a while, unless its answer is over before, or has come to a halt. An
  /// answer may take longer than the lease, after which nobody asks how it ended: where all do, the
  /// breaker would never close.
  /// - Parameter limit: the while; at most half of what is left of the lease, and where there is no
  ///   limit nearly all of that.
  private func watchTrial(for limit: Duration?) {
    guard case .trial(let token) = permit, let breaker, !isRecorded, !hasPassedTrial else { return }
    let left = Duration.milliseconds(breaker.millisecondsUntil(token.leaseUntil))
    let half = max(Self.shortestLook, (limit.map { min($0, left / 2) } ?? left * 0.9) / 2)
    trialEnd?.cancel()
    trialEnd = loop.schedule(after: half) { [weak self] in self?.look(every: half) }
  }

  /// Looks half a while later whether more has come, until it has.
  private func look(every half: Duration) {
    let before = received()
    trialEnd = loop.schedule(after: half) { [weak self] in
      guard let self else { return }
      if received() > before { passTrial() } else { look(every: half) }
    }
  }

  /// From here on the answer is one like others: where it breaks off, that is the first failure of a
  /// breaker that has closed.
  private func passTrial() {
    guard !isRecorded, let breaker, case .trial(let token) = permit else { return }
    permit = breaker.passTrial(token, durationMs: contentTime)
    hasPassedTrial = true
  }
}
