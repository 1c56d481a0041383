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

  /// Whether a request of it says how long its body is where it has none (RFC 9110, section 8.6).
  var anticipatesBody: Bool {
    switch self {
    case .post, .put, .patch: true
    case .get, .head, .delete, .options, .other: false
    }
  }

  /// The method of a request line; nil for what is no token. Lower case is refused, since servers
  /// differ on whether it means the same.
  init?(_ name: ArraySlice<UInt8>) {
    guard let known = Self.known.first(where: { $0.bytes.elementsEqual(name) }) else {
      guard name.allSatisfy(ASCII.isToken), name.contains(where: { (0x41...0x5A).contains($0) }),
        !name.contains(where: { (0x61...0x7A).contains($0) })
      else { return nil }
      self = .other(String(decoding: name, as: UTF8.self))
      return
    }
    self = known.method
  }

  private static let known: [(bytes: [UInt8], method: HTTPMethod)] =
    [HTTPMethod.post, .get, .head, .put, .delete, .options, .patch].map {
      (Array($0.name.utf8), $0)
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
