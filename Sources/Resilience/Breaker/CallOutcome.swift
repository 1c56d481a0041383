/// How a call to a provider ended, as far as the provider's health is concerned.
package enum CallOutcome: Sendable, Hashable {
  /// A complete, well-formed answer after that many milliseconds.
  case success(durationMs: Int64)
  /// The provider failed: no connection, a time limit, a 5xx, or an answer that is none.
  case failure
  /// A failure, such as a 503, that says when to come back: so many milliseconds from now.
  case unavailable(retryAfterMs: Int64)
  /// A 429. Not a failure: the provider works, and says when to come back (milliseconds from now,
  /// if it did say). https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
  case rateLimited(retryAfterMs: Int64?)
  /// The provider rejected the key (401, 403).
  case badKey
  /// A health check's key was rejected: so many milliseconds later the next ones have told more.
  case keyRejectedByCheck(forMs: Int64)
  /// The account has no credit left (402, or a 429 that says so).
  case outOfCredit
  /// Says nothing of the provider: the client's own mistake, a refusal of the prompt, a client
  /// that left. A trial that ends so is given back.
  case ignored

  /// Whether it counts as a failure.
  var isFailure: Bool {
    switch self {
    case .failure, .unavailable: true
    case .success, .rateLimited, .badKey, .keyRejectedByCheck, .outOfCredit, .ignored: false
    }
  }
}
