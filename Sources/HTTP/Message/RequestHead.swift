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
    method: HTTPMethod, target: String, version: HTTPVersion, headers: HeaderFields,
    framing: BodyFraming, expectsContinue: Bool
  ) {
    self.method = method
    self.target = target
    path = target.utf8.firstIndex(of: UInt8(ascii: "?")).map { String(target[..<$0]) } ?? target
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

  /// Whether the connection may carry another request.
  package var keepAlive: Bool {
    if headers.contains("connection", token: "close") { return false }
    return version == .http11 || headers.contains("connection", token: "keep-alive")
  }

  /// The declared length of the body, if any.
  package var contentLength: Int? {
    guard !headers.contains("transfer-encoding") else { return nil }
    return headers.valueBytes("content-length").flatMap { try? FieldRules.contentLength($0.span) }
  }

  /// How the end of the body is known (RFC 9112, section 6.3).
  /// - Throws: `HTTPParseError` where that is ambiguous.
  package func framing(forRequest method: HTTPMethod) throws(HTTPParseError) -> BodyFraming {
    let framing = try FieldRules.framing(headers, version: version, ofRequest: false)
    if method == .head || (100..<200).contains(status) || status == 204 || status == 304 {
      return .none
    }
    return framing ?? .untilClose
  }
}
