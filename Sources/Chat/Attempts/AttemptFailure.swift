package import HTTP
internal import OpenAIWire
internal import Resilience

/// How an attempt at an upstream failed, as far as the next step depends on it.
package struct AttemptFailure: Sendable, Hashable {
  /// What went wrong.
  package enum Kind: Sendable, Hashable {
    /// No connection was made: the upstream has seen nothing of the request.
    case connection
    /// The gateway could not ask: all its connections are in use, or it may not ask there. Of the
    /// upstream that says nothing.
    case notAsked
    /// It did not answer in time, and may still be working.
    case timeout
    /// The connection broke, or the answer was no HTTP, or ended before it said anything.
    case broken
    /// It answered with this status, or with an error that means this status.
    case status(Int)
    /// Its stream had an error in it.
    case streamError
  }

  package let kind: Kind
  /// When it wants to be asked again.
  package var retryAfter: Duration?
  /// What its `x-should-retry` says. https://github.com/openai/openai-python reads it first.
  package var shouldRetry: Bool?
  /// Whether its account is out of credit, which OpenAI says by a 429.
  package var isOutOfCredit = false
  /// Whether a whole answer came, and is none: it was worked on, and may be paid for.
  var isWhole = false
  /// Whether a connection that had been kept alive broke before one byte of an answer.
  package var isOfKeptConnection = false

  /// A failure without an answer.
  package init(_ kind: Kind) { self.kind = kind }

  /// What an answer amounts to; nil for one that is no failure.
  package init?(_ head: ResponseHead, body: [UInt8]) {
    guard head.status >= 400 else { return nil }
    kind = .status(head.status)
    retryAfter = RetryAfter.read(head.headers)
    shouldRetry = ["true": true, "false": false][head.headers["x-should-retry"] ?? ""]
    let code = (try? JSONSlice.parse(body.withoutByteOrderMark))?["error"]?["code"]?.string
    isOutOfCredit = head.status == 402 || (head.status == 429 && code == "insufficient_quota")
  }

  /// What an error within a stream amounts to.
  /// - Parameter data: an object with a member `error`.
  package init(inStream data: [UInt8]) {
    self.init(error: (try? JSONSlice.parse(data.withoutByteOrderMark))?["error"])
  }

  /// What an error under a status that says that all is well amounts to.
  init(error: JSONSlice?) {
    let words = [error?["code"]?.string, error?["type"]?.string].compactMap(\.self)
    if let status = Self.status(error?["code"]?.int ?? error?["status"]?.int) {
      kind = .status(status)
    } else if let status = words.lazy.compactMap({ Self.statuses[$0] }).first {
      kind = .status(status)
    } else {
      kind = .streamError
    }
    isOutOfCredit = words.contains("insufficient_quota") || kind == .status(402)
  }

  private static func status(_ code: Int?) -> Int? {
    code.flatMap { (400..<600).contains($0) ? $0 : nil }
  }

  /// What OpenAI's words mean in statuses. https://platform.openai.com/docs/guides/error-codes
  private static let statuses = [
    "insufficient_quota": 429, "rate_limit_exceeded": 429, "rate_limit_error": 429,
    "invalid_request_error": 400, "invalid_prompt": 400, "context_length_exceeded": 400,
    "content_filter": 400, "authentication_error": 401, "invalid_api_key": 401,
    "permission_error": 403, "overloaded_error": 529,
  ]

  /// What an error of the client amounts to.
  init(_ error: HTTPClientError) {
    switch error.kind {
    case .resolve, .connect, .tls: self.init(.connection)
    case .forbiddenAddress, .poolExhausted: self.init(.notAsked)
    case .timeout(.connect): self.init(.connection)
    case .timeout: self.init(.timeout)
    case .reset, .malformed, .tooLarge, .cancelled: self.init(.broken)
    }
    isOfKeptConnection = error.isOfKeptConnection
  }

  /// Whether nothing of the request was sent.
  var isUnsent: Bool { kind == .connection || kind == .notAsked }

  /// Whether it asks for patience, and doesn't say for how much.
  var isVagueLimit: Bool { kind == .status(429) && retryAfter ?? .zero <= .zero }

  /// A word for headers, logs and metrics.
  package var reason: String {
    switch kind {
    case .connection: "unreachable"
    case .notAsked: "not_asked"
    case .timeout: "timed_out"
    case .broken: "broken"
    case .status(429) where isOutOfCredit: "out_of_credit"
    case .status(429): "rate_limited"
    case .status(401), .status(403): "bad_key"
    case .status(402): "out_of_credit"
    case .status(let status): "status_\(status)"
    case .streamError: "stream_error"
    }
  }

  /// Whether the upstream has turned the request away for who asks, and has done nothing for it.
  var isOfAccount: Bool {
    switch kind {
    case .status(401), .status(402), .status(403), .status(429): true
    case .connection, .notAsked, .timeout, .broken, .status, .streamError: isOutOfCredit
    }
  }

  /// How much it tells a client whose request has failed at several upstreams; the higher, the more.
  /// When to come again is what a client can act on; what is wrong with the gateway's account is what
  /// it can do nothing about.
  var telling: Int {
    switch kind {
    case .status where isOutOfCredit: 1
    case .status(401), .status(403): 1
    case .status(429): 4
    case .status, .streamError: 3
    case .timeout: 2
    case .connection, .notAsked, .broken: 0
    }
  }

  /// What it says of the upstream's health.
  /// - Parameter ownAccount: whether the gateway's own key and account were named: what a client's
  ///   may not do says nothing of the upstream.
  func outcome(ownAccount: Bool) -> CallOutcome {
    let retryAfterMs = retryAfter.map { Int64($0 / .milliseconds(1)) }
    return switch kind {
    case .notAsked: .ignored
    case .connection, .timeout, .broken, .streamError: .failure
    case .status(401): ownAccount ? .badKey : .ignored
    case .status where isOutOfCredit: ownAccount ? .outOfCredit : .ignored
    case .status(429): ownAccount ? .rateLimited(retryAfterMs: retryAfterMs) : .ignored
    case .status(500...): retryAfterMs.map { .unavailable(retryAfterMs: $0) } ?? .failure
    case .status: .ignored
    }
  }
}
