/// A request's line and fields.
package struct RequestHead: Sendable {
  package let method: HTTPMethod
  /// The target in origin form, path and query, as it was sent.
  package let target: String
  /// The target without its query. Percent signs are left as they are.
  package let path: String
  package let version: HTTPVersion
  package let headers: HeaderFields
  /// How the body's end is known.
  package let framing: BodyFraming
  /// Whether the client waits for `100 Continue` before it sends the body.
  package let expectsContinue: Bool

  init(
    method: HTTPMethod, target: String, path: String, version: HTTPVersion,
    headers: HeaderFields, framing: BodyFraming, expectsContinue: Bool
  ) {
    self.method = method
    self.target = target
    self.path = path
    self.version = version
    self.headers = headers
    self.framing = framing
    self.expectsContinue = expectsContinue
  }

  /// What follows the question mark, if there is one.
  package var query: String? {
    target.utf8.firstIndex(of: UInt8(ascii: "?")).map { String(target[$0...].dropFirst()) }
  }

  /// Whether the connection may carry another request (RFC 9112, section 9.3).
  package var keepAlive: Bool {
    if headers.contains("connection", token: "close") { return false }
    return version == .http11 || headers.contains("connection", token: "keep-alive")
  }
}

/// An answer's line and fields.
package struct ResponseHead: Sendable {
  /// 100 to 599.
  package let status: Int
  package let version: HTTPVersion
  package let headers: HeaderFields
  /// How the fields say that the body ends; nil where none does.
  let declaredFraming: BodyFraming?

  /// Whether the connection may carry another request.
  package var keepAlive: Bool {
    if headers.contains("connection", token: "close") { return false }
    return version == .http11 || headers.contains("connection", token: "keep-alive")
  }

  /// The declared length of the body, if any.
  package var contentLength: Int? {
    if case .length(let length) = declaredFraming { length } else { nil }
  }

  /// How the end of the body is known (RFC 9112, section 6.3).
  package func framing(forRequest method: HTTPMethod) -> BodyFraming {
    if method == .head || (100..<200).contains(status) || status == 204 || status == 304 {
      return .none
    }
    return declaredFraming ?? .untilClose
  }
}
