/// Why a request of the client got no (whole) answer.
package struct HTTPClientError: Error, Sendable, CustomStringConvertible {
  /// What went wrong.
  package enum Kind: Sendable, Hashable {
    /// The host name has no address.
    case resolve
    /// No address answered.
    case connect
    /// The handshake failed, or the certificate was refused.
    case tls
    /// The time named was over.
    case timeout(Phase)
    /// The connection broke.
    case reset
    /// The peer's bytes are not HTTP/1.1.
    case malformed
    /// A bound was passed.
    case tooLarge
    /// The host has an address that the policy does not allow.
    case forbiddenAddress
    /// Every connection is in use and the queue for one is full or too slow.
    case poolExhausted
    /// The calling task was cancelled.
    case cancelled
  }

  /// What was waited for.
  package enum Phase: String, Sendable, Hashable {
    case connect
    case firstByte = "the first byte"
    case idle = "more of the answer"
    case total = "the whole answer"
  }

  package let kind: Kind
  /// Whether the server may have got the whole request.
  package let mayHaveBeenSent: Bool
  /// Whether a connection that had been kept alive broke soon, before one byte of an answer: maybe the
  /// server had closed it, and has seen nothing of the request.
  package internal(set) var isOfKeptConnection = false
  /// One sentence for a log or an error; holds no secret.
  package let description: String

  init(_ kind: Kind, mayHaveBeenSent: Bool, _ description: String) {
    self.kind = kind
    self.mayHaveBeenSent = mayHaveBeenSent
    self.description = description
  }

  static let cancelled = HTTPClientError(
    .cancelled, mayHaveBeenSent: true, "the request was cancelled")
}
