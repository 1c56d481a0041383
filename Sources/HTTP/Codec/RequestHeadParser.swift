/// Reads the heads of requests strictly (RFC 9112): what could be read in two ways is refused,
/// since another server on the way might read it in the other.
package struct RequestHeadParser: Sendable {
  private let limits: HTTPLimits
  private var line: RequestLine?
  private var fields: FieldBlockParser
  private var scanned = 0
  private var emptyLines = 0

  /// A parser that keeps to bounds.
  package init(limits: HTTPLimits) {
    self.limits = limits
    fields = FieldBlockParser(limits, of: .request)
  }

  /// Whether a part of a head was taken from the buffer and the rest has not come.
  package var isWithinHead: Bool { line != nil }

  /// Takes the next head from the front of the buffer; nil while it is incomplete. Feeding single
  /// bytes costs no more than feeding all at once.
  /// - Throws: `HTTPParseError`; the connection cannot be read any further then.
  package mutating func parse(
    _ buffer: inout ByteBuffer
  ) throws(HTTPParseError) -> RequestHead? {
    while line == nil {
      guard
        let bytes = try LineReader.next(
          &buffer, scanned: &scanned, limit: limits.startLine,
          overflow: HTTPParseError(
            status: 414, message: "The request line is longer than \(limits.startLine) bytes."))
      else { return nil }
      if bytes.isEmpty && emptyLines == 0 {
        // One empty line before a request is overlooked (RFC 9112, section 2.2).
        emptyLines += 1
        continue
      }
      line = try RequestLine(bytes)
    }
    guard let line, try fields.parse(&buffer) else { return nil }
    let head = try finish(line, fields.fields)
    self = RequestHeadParser(limits: limits)
    return head
  }

  private func finish(
    _ line: RequestLine, _ headers: HeaderFields
  ) throws(HTTPParseError) -> RequestHead {
    try FieldRules.checkHost(headers, line.version)
    let framing = try FieldRules.framing(headers, version: line.version, ofRequest: true)
    if case .length(let length) = framing, length > limits.body {
      throw .bodyTooLarge(limits.body)
    }
    let expectations = headers.values("expect")
    let expectsContinue = !expectations.isEmpty
    guard expectations.allSatisfy({ $0.lowercased() == "100-continue" }) else {
      throw HTTPParseError(status: 417, message: "Of the expectations only 100-continue is known.")
    }
    return RequestHead(
      method: line.method, target: line.target, version: line.version, headers: headers,
      framing: framing == .length(0) ? .none : framing ?? .none,
      expectsContinue: expectsContinue && line.version == .http11)
  }
}

/// The first line of a request: method, target, version, with one space between.
private struct RequestLine {
  let method: HTTPMethod
  let target: String
  let version: HTTPVersion

  init(_ line: [UInt8]) throws(HTTPParseError) {
    guard let first = line.firstIndex(of: 0x20), let last = line.lastIndex(of: 0x20),
      first < last, !line[(first + 1)..<last].contains(0x20)
    else { throw .bad("The request line is malformed.") }
    let name = line[..<first]
    guard !name.isEmpty, name.allSatisfy(ASCII.isToken),
      name.contains(where: { (0x41...0x5A).contains($0) }),
      !name.contains(where: { (0x61...0x7A).contains($0) })
    else { throw .bad("The method is malformed.") }
    version = try Self.version(line[(last + 1)...])
    let method = HTTPMethod(String(decoding: name, as: UTF8.self))
    self.method = method
    target = try Self.originForm(line[(first + 1)..<last], method)
  }

  private static func version(_ bytes: ArraySlice<UInt8>) throws(HTTPParseError) -> HTTPVersion {
    let digits = Array(bytes)
    guard digits.count == 8, digits.starts(with: "HTTP/".utf8), digits[6] == UInt8(ascii: "."),
      ASCII.isDigit(digits[5]), ASCII.isDigit(digits[7])
    else { throw .bad("The version is malformed.") }
    if digits[5] == UInt8(ascii: "1") {
      if digits[7] == UInt8(ascii: "1") { return .http11 }
      if digits[7] == UInt8(ascii: "0") { return .http10 }
    }
    throw HTTPParseError(status: 505, message: "HTTP/1.1 and HTTP/1.0 are spoken here.")
  }

  /// Path and query of a target in origin, absolute or asterisk form (RFC 9112, section 3.2).
  private static func originForm(
    _ bytes: ArraySlice<UInt8>, _ method: HTTPMethod
  ) throws(HTTPParseError) -> String {
    guard !bytes.isEmpty, bytes.allSatisfy(ASCII.isTarget) else {
      throw .bad("The request target is malformed.")
    }
    let target = String(decoding: bytes, as: UTF8.self)
    if method == .other("CONNECT") {
      throw HTTPParseError(status: 501, message: "This server is no proxy.")
    }
    if target.hasPrefix("/") { return target }
    if target == "*" && method == .options { return target }
    let lower = target.lowercased()
    guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else {
      throw .bad("The request target is malformed.")
    }
    let rest = target.dropFirst(scheme.count)
    guard let end = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else {
      try checkAuthority(rest)
      return "/"
    }
    try checkAuthority(rest[..<end])
    return rest[end] == "?" ? "/" + rest[end...] : String(rest[end...])
  }

  private static func checkAuthority(_ authority: Substring) throws(HTTPParseError) {
    guard !authority.isEmpty, authority.first != ":", FieldRules.isAuthority(authority.utf8) else {
      throw .bad("The request target has no valid host.")
    }
  }
}
