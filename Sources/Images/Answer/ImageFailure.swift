package import OpenAIWire

/// Why a picture was not made.
package struct ImageFailure: Error, Sendable {
  /// The class of a failure, by which the next step is chosen.
  package enum Kind: String, Sendable, Hashable {
    /// The request itself is wrong; no provider would take it.
    case badRequest = "bad_request"
    case badKey = "bad_key"
    /// The content is against the provider's policy.
    case refused
    case rateLimited = "rate_limited"
    case outOfCredit = "out_of_credit"
    case notFound = "not_found"
    case overloaded
    case timedOut = "timed_out"
    case unreachable
    /// An answer that holds no picture.
    case malformed
    case tooLarge = "too_large"
    case cancelled
    /// No provider is configured for what is asked.
    case noProvider = "no_provider"
  }

  package var kind: Kind
  /// One sentence; holds no key.
  package var message: String
  package var code: String?
  package var retryAfter: Duration?
  /// Whether the provider may have made, and charged for, the picture.
  package var mayHaveBeenPaid = false
  /// Whether the gateway could not ask, as where all its connections are in use: that says nothing of
  /// the provider.
  var isGateways = false
  /// Who was asked, or passed over, before nobody was left; empty where nobody else was there.
  package var passedOver: [ImageResult.PassedOver] = []

  init(
    _ kind: Kind, _ message: String, code: String? = nil, retryAfter: Duration? = nil,
    mayHaveBeenPaid: Bool = false
  ) {
    self.kind = kind
    self.message = String(message.prefix(1000))
    self.code = code
    self.retryAfter = retryAfter
    self.mayHaveBeenPaid = mayHaveBeenPaid
  }

  /// Whether asking the same server again for the same thing, at no cost, may succeed.
  var isTransient: Bool {
    switch kind {
    case .rateLimited, .overloaded, .timedOut, .unreachable: true
    default: false
    }
  }

  /// Whether an answer could not be understood, which says nothing about what was asked for.
  var isSenseless: Bool { kind == .malformed || kind == .tooLarge }

  /// Whether a status leaves open if the request was carried out, and charged for: also where the
  /// edge in front of a server gave up on it, which goes on drawing (developers.cloudflare.com/support
  /// /troubleshooting/http-status-codes/cloudflare-5xx-errors; 521 and 523 did not reach it).
  static func isAmbiguous(status: Int) -> Bool {
    [408, 500, 502, 504, 520, 522, 524].contains(status)
  }

  /// Whether another provider could succeed.
  var isProviders: Bool {
    switch kind {
    case .badRequest, .refused, .cancelled, .noProvider: false
    default: true
    }
  }

  /// What a client is told.
  package var openAIError: OpenAIError {
    var error: OpenAIError
    switch kind {
    case .badRequest, .noProvider: error = .invalidRequest(message, code: code)
    case .refused:
      error = OpenAIError(
        status: 400, message: message, type: "image_generation_user_error",
        code: code ?? "content_policy_violation")
    case .rateLimited: error = .rateLimited(message, retryAfter: retryAfter)
    case .overloaded: error = .unavailable(message, retryAfter: retryAfter)
    case .timedOut: error = .timeout(message)
    case .badKey, .outOfCredit, .notFound, .unreachable, .malformed, .tooLarge, .cancelled:
      error = .upstreamFailed(message, code: kind.rawValue)
    }
    // A retry by the SDK would be paid for again.
    if mayHaveBeenPaid { error.shouldRetry = false }
    if let list = ImageResult.PassedOver.field(passedOver) {
      error.headers.append((name: "x-easel-fallback", value: list))
    }
    return error
  }
}

extension ImageFailure.Kind {
  /// What a status means where nothing else is known.
  init(status: Int) {
    switch status {
    case 401, 403: self = .badKey
    case 402: self = .outOfCredit
    case 404: self = .notFound
    case 408, 504, 522, 524: self = .timedOut
    case 413: self = .tooLarge
    case 429: self = .rateLimited
    case 400..<500: self = .badRequest
    case 500...: self = .overloaded
    default: self = .malformed
    }
  }
}

extension OpenAIError {
  /// What a request comes to that nobody waits for any more.
  package static let clientHasLeft = OpenAIError.upstreamFailed(
    "The request was cancelled.", code: ImageFailure.Kind.cancelled.rawValue)

  /// Whether it says no more than that nobody waits any more.
  package var isClientGone: Bool { code == ImageFailure.Kind.cancelled.rawValue }
}
