/// A request method (RFC 9110, section 9).
package enum HTTPMethod: Sendable, Hashable {
  case get, head, post, put, delete, options, patch
  /// Any other token.
  case other(String)

  /// As it goes on the wire.
  package var name: String {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .patch: "PATCH"
    case .other(let name): name
    }
  }

  /// Whether doing it twice is like doing it once (RFC 9110, section 9.2.2).
  package var isIdempotent: Bool {
    switch self {
    case .get, .head, .put, .delete, .options: true
    case .post, .patch, .other: false
    }
  }

  init(_ name: String) {
    switch name {
    case "GET": self = .get
    case "HEAD": self = .head
    case "POST": self = .post
    case "PUT": self = .put
    case "DELETE": self = .delete
    case "OPTIONS": self = .options
    case "PATCH": self = .patch
    default: self = .other(name)
    }
  }
}

/// The versions that are spoken here.
package enum HTTPVersion: Sendable, Hashable {
  case http10, http11
}

/// How the end of a body is known (RFC 9112, section 6.3).
package enum BodyFraming: Sendable, Hashable {
  /// There is no body.
  case none
  /// After this many bytes.
  case length(Int)
  /// By the last chunk.
  case chunked
  /// By the end of the connection; answers only.
  case untilClose
}
