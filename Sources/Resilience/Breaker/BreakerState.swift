/// What a breaker shows: the most telling of what is in force. Times are in milliseconds, on the
/// clock that the caller passes as `now`.
package enum BreakerState: Sendable, Hashable {
  /// Calls pass.
  case closed
  /// No call passes before `until`; after it a trial may be taken.
  case open(until: Int64)
  /// One trial is out. If it hasn't ended by `leaseUntil`, another may be taken.
  case halfOpen(owner: String, leaseUntil: Int64)
  /// The provider asked to be left alone until then.
  case coolingDown(until: Int64)
  /// The provider rejected the key.
  case badKey(until: Int64)
  /// The account is out of credit.
  case noCredit(until: Int64)
  /// An operator keeps the breaker open.
  case forcedOpen
  /// An operator keeps the breaker closed.
  case forcedClosed

  /// The state's name for logs, metrics and the health page.
  package var name: String {
    switch self {
    case .closed: "closed"
    case .open: "open"
    case .halfOpen: "half_open"
    case .coolingDown: "cooling_down"
    case .badKey: "bad_key"
    case .noCredit: "no_credit"
    case .forcedOpen: "forced_open"
    case .forcedClosed: "forced_closed"
    }
  }
}

/// A change of the state that a breaker shows.
package struct Transition: Sendable, Hashable {
  /// The state before.
  package let from: BreakerState
  /// The state after: another one, or the same with another time or owner.
  package let to: BreakerState
  /// Why.
  package let reason: Reason
  /// When, in milliseconds.
  package let at: Int64

  /// Why a breaker changed; the raw values are for logs and metrics.
  package enum Reason: String, Sendable, Hashable {
    /// Too many failures within the window.
    case failureCount = "failure_count"
    /// Too many failures in a row.
    case consecutiveFailures = "consecutive_failures"
    /// Too large a share of failures.
    case failureRate = "failure_rate"
    /// Too large a share of slow calls.
    case slowCalls = "slow_calls"
    /// A trial began.
    case trialTaken = "trial_taken"
    /// The trial succeeded.
    case trialSucceeded = "trial_succeeded"
    /// The trial failed, or was slow where slow calls count.
    case trialFailed = "trial_failed"
    /// The trial ended without saying anything of the provider.
    case trialReleased = "trial_released"
    /// A 429.
    case rateLimited = "rate_limited"
    /// A failure that says when to come back.
    case askedToWait = "asked_to_wait"
    /// A rejected key.
    case badKey = "bad_key"
    /// No credit.
    case outOfCredit = "out_of_credit"
    /// An operator.
    case manual
    /// Calls as a last resort succeeded.
    case lastResortsSucceeded = "last_resorts_succeeded"
    /// An active health check.
    case healthCheck = "health_check"
    /// Heard from another gateway.
    case shared
  }
}
