package import HTTP
internal import OpenAIWire
internal import Resilience

/// How an attempt at an upstream failed, as far as the next step depends on it.
package struct AttemptFailure: Sendable, Hashable {
  /// What went wrong.
  package enum Kind: Sendable, Hashable {
    /// No connection was made: the upstream has seen nothing of the request.
    case connection
    /// It did not answer in time, and may still be working.
    case timeout
    /// The connection broke, or the answer was no HTTP, or ended before it said anything.
    case broken
    /// It answered with this status.
    case status(Int)
    /// Its stream began with an error.
    case streamError
    /// So many requests are under way there that there is no place.
    case busy
  }

  package let kind: Kind
  /// When it wants to be asked again.
  package var retryAfter: Duration?
  /// What its `x-should-retry` says. https://github.com/openai/openai-python reads it first.
  package var shouldRetry: Bool?
  /// Whether its account is out of credit, which OpenAI says by a 429.
  package var isOutOfCredit = false

  /// A failure without an answer.
  package init(_ kind: Kind) { self.kind = kind }

  /// What an answer amounts to; nil for one that is no failure.
  package init?(_ head: ResponseHead, body: [UInt8]) {
    guard head.status >= 400 else { return nil }
    kind = .status(head.status)
    retryAfter = RetryAfter.read(head.headers)
    shouldRetry = ["true": true, "false": false][head.headers["x-should-retry"] ?? ""]
    let code = (try? JSONSlice.parse(body))?["error"]?["code"]?.string
    isOutOfCredit = head.status == 402 || (head.status == 429 && code == "insufficient_quota")
  }

  /// What an error of the client amounts to.
  init(_ error: HTTPClientError) {
    switch error.kind {
    case .resolve, .connect, .tls, .forbiddenAddress, .poolExhausted: self.init(.connection)
    case .timeout(.connect): self.init(.connection)
    case .timeout: self.init(.timeout)
    case .reset, .malformed, .tooLarge, .cancelled: self.init(.broken)
    }
  }

  /// A word for headers, logs and metrics.
  package var reason: String {
    switch kind {
    case .connection: "unreachable"
    case .timeout: "timed_out"
    case .broken: "broken"
    case .status(429): "rate_limited"
    case .status(401), .status(403): "bad_key"
    case .status(402): "out_of_credit"
    case .status(let status): "status_\(status)"
    case .streamError: "stream_error"
    case .busy: "busy"
    }
  }

  /// What it says of the upstream's health.
  /// - Parameter ownKey: whether the gateway's own key was sent: what a client's key may not do says
  ///   nothing of the upstream.
  func outcome(ownKey: Bool) -> CallOutcome {
    switch kind {
    case .connection, .timeout, .broken, .streamError: .failure
    case .status(401): ownKey ? .badKey : .ignored
    case .status where isOutOfCredit: ownKey ? .outOfCredit : .ignored
    case .status(429):
      ownKey
        ? .rateLimited(retryAfterMs: retryAfter.map { Int64($0 / .milliseconds(1)) }) : .ignored
    case .status(500...): .failure
    case .status, .busy: .ignored
    }
  }
}
