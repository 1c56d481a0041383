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
      let hasLine: Void? = try LineReader.next(
        &buffer, scanned: &scanned, limit: limits.startLine,
        overflow: HTTPParseError(
          status: 414, message: "The request line is longer than \(limits.startLine) bytes.")
      ) { (bytes) throws(HTTPParseError) in
        if bytes.isEmpty && emptyLines == 0 {
          // One empty line before a request is overlooked (RFC 9112, section 2.2).
          emptyLines += 1
        } else {
          line = try RequestLine(bytes)
        }
      }
      if hasLine == nil { return nil }
    }
    guard let line, try fields.parse(&buffer) else { return nil }
    let head = try finish(line)
    self = RequestHeadParser(limits: limits)
    return head
  }

  private func finish(_ line: RequestLine) throws(HTTPParseError) -> RequestHead {
    let headers = fields.fields
    try FieldRules.checkHost(headers, line.version)
    let framing = try fields.framing(line.version)
    let expectsContinue = headers.contains("expect")
    if expectsContinue {
      guard headers.values("expect").allSatisfy({ $0.lowercased() == "100-continue" }) else {
        throw HTTPParseError(
          status: 417, message: "Of the expectations only 100-continue is known.")
      }
    }
    return RequestHead(
      method: line.method, target: line.target, path: line.path, version: line.version,
      headers: headers, framing: framing == .length(0) ? .none : framing ?? .none,
      expectsContinue: expectsContinue && line.version == .http11)
  }
}

/// The first line of a request: method, target, version, with one space between.
private struct RequestLine {
  let method: HTTPMethod
  let target: String
  /// The target without its query.
  let path: String
  let version: HTTPVersion

  init(_ line: ArraySlice<UInt8>) throws(HTTPParseError) {
    guard let first = line.firstIndex(of: 0x20), let last = line.lastIndex(of: 0x20),
      first < last, !line[(first + 1)..<last].contains(0x20)
    else { throw .bad("The request line is malformed.") }
    guard let method = HTTPMethod(line.prefix(upTo: first)) else {
      throw .bad("The method is malformed.")
    }
    self.method = method
    version = try Self.version(line[(last + 1)...])
    let bytes = line[(first + 1)..<last]
    target = try Self.originForm(bytes, method)
    path =
      bytes.contains(UInt8(ascii: "?")) ? target.prefix { $0 != "?" }.description : target
  }

  private static func version(_ bytes: ArraySlice<UInt8>) throws(HTTPParseError) -> HTTPVersion {
    guard bytes.count == 8, bytes.starts(with: protocolName) else {
      throw .bad("The version is malformed.")
    }
    let (major, dot, minor) = (
      bytes[bytes.endIndex - 3], bytes[bytes.endIndex - 2], bytes[bytes.endIndex - 1]
    )
    guard ASCII.isDigit(major), dot == UInt8(ascii: "."), ASCII.isDigit(minor) else {
      throw .bad("The version is malformed.")
    }
    switch (major, minor) {
    case (UInt8(ascii: "1"), UInt8(ascii: "1")): return .http11
    case (UInt8(ascii: "1"), UInt8(ascii: "0")): return .http10
    default: throw HTTPParseError(status: 505, message: "HTTP/1.1 and HTTP/1.0 are spoken here.")
    }
  }
  private static let protocolName = Array("HTTP/".utf8)

  /// Path and query of a target in origin, absolute or asterisk form (RFC 9112, section 3.2).
  private static func originForm(
    _ bytes: ArraySlice<UInt8>, _ method: HTTPMethod
  ) throws(HTTPParseError) -> String {
    guard !bytes.isEmpty, bytes.allSatisfy(ASCII.isTarget) else {
      throw .bad("The request target is malformed.")
    }
    let target = String(decoding: bytes, as: UTF8.self)
    if case .other("CONNECT") = method {
      throw HTTPParseError(status: 501, message: "This server is no proxy.")
    }
    if bytes.first == UInt8(ascii: "/") { return target }
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
