internal import Resilience

/// What to do after an attempt that failed before anything of its answer was passed on.
package struct RetryPolicy: Sendable, Hashable {
  /// Attempts for one request, over all upstreams together; those of a tool loop's later rounds count
  /// where they are not the first of their round. One that nobody has seen does not count while
  /// another upstream is left.
  package var attempts = 3
  /// The share of an upstream's requests that may be repeated at it.
  package var budget = 0.2
  /// Repetitions a second at an upstream that need no budget: so that a gateway with few requests can
  /// repeat one.
  package var floor = 3
  /// The longest wait before a repetition: whoever has to wait longer is told so.
  package var longestWait = Duration.seconds(5)
  /// From the request to the last moment at which an answer may begin; a tool loop's rounds have it
  /// anew, since pictures may take long.
  package var deadline = Duration.seconds(600)

  /// The defaults that each property names.
  package init() {}

  /// What comes next.
  package enum Step: Sendable, Hashable {
    /// Another upstream, at once.
    case next
    /// The same upstream, after a wait, if its budget has a repetition.
    case again(after: Duration)
    /// Nothing: the failure is the answer.
    case stop
  }

  /// Where a request stands after a failure.
  package struct Standing: Sendable, Hashable {
    /// Attempts so far that count, the one that failed among them.
    package var attempts: Int
    /// Whether another upstream could be asked.
    package var hasOther: Bool
    /// Until the deadline.
    package var left: Duration

    package init(attempts: Int, hasOther: Bool, left: Duration) {
      self.attempts = attempts
      self.hasOther = hasOther
      self.left = left
    }
  }

  /// Decides.
  package func step(
    after failure: AttemptFailure, _ standing: Standing,
    using generator: inout some RandomNumberGenerator
  ) -> Step {
    guard standing.left > .zero else { return .stop }
    if failure.isUnsent && standing.hasOther { return .next }
    guard attempts > standing.attempts else { return .stop }
    // It says little of the upstream: most servers close what was idle for a while.
    if failure.isOfKeptConnection { return .again(after: .zero) }
    if standing.hasOther { return mayFallOver(failure) ? .next : .stop }
    guard failure.shouldRetry != false, mayRepeat(failure) else { return .stop }
    let cause: Backoff.Cause = failure.kind == .status(429) ? .rateLimited : .failure
    let delay = Backoff().delay(
      retry: standing.attempts, cause: cause,
      retryAfterMs: failure.retryAfter.map { Int64($0 / .milliseconds(1)) },
      remainingMs: Int64(min(longestWait, standing.left) / .milliseconds(1)), using: &generator)
    return delay.map { .again(after: .milliseconds($0)) } ?? .stop
  }

  /// Whether another upstream may do what this one did not.
  ///
  /// `x-should-retry: false` says that the request is not to be repeated, maybe since it has cost
  /// something already. Of a key, an account or a limit it says that they stay as they are: those of
  /// another upstream are others.
  func mayFallOver(_ failure: AttemptFailure) -> Bool {
    if failure.shouldRetry == true { return true }
    if failure.shouldRetry == false { return failure.isOfAccount }
    return switch failure.kind {
    case .connection, .notAsked, .timeout, .broken, .streamError: true
    case .status(let status): [401, 402, 403, 408, 429].contains(status) || status >= 500
    }
  }

  /// Whether the same upstream may do it the next time. One that has not answered in time may still
  /// be working, and be paid for it; one that the gateway had no connection for would be waited for
  /// in the same queue.
  private func mayRepeat(_ failure: AttemptFailure) -> Bool {
    if failure.isOutOfCredit || failure.isWhole { return false }
    if failure.shouldRetry == true { return true }
    return switch failure.kind {
    case .connection, .broken, .streamError: true
    case .timeout, .notAsked: false
    case .status(let status): [408, 429, 500, 502, 503, 504, 529].contains(status)
    }
  }
}
