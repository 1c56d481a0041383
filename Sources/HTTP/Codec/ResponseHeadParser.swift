/// Reads the heads of answers, as strictly as requests where an answer could be split in two.
package struct ResponseHeadParser: Sendable {
  private let limits: HTTPLimits
  private var line: (status: Int, version: HTTPVersion)?
  private var fields: FieldBlockParser
  private var scanned = 0

  /// A parser that keeps to bounds.
  package init(limits: HTTPLimits) {
    self.limits = limits
    fields = FieldBlockParser(limits, of: .answer)
  }

  /// Takes the next head from the front of the buffer; nil while it is incomplete.
  /// - Throws: `HTTPParseError`.
  package mutating func parse(
    _ buffer: inout ByteBuffer
  ) throws(HTTPParseError) -> ResponseHead? {
    if line == nil {
      guard
        let bytes = try LineReader.next(
          &buffer, scanned: &scanned, limit: limits.startLine,
          overflow: .malformedResponse("the status line is too long"))
      else { return nil }
      line = try Self.statusLine(bytes)
    }
    guard let line, try fields.parse(&buffer) else { return nil }
    return ResponseHead(status: line.status, version: line.version, headers: fields.fields)
  }

  /// `HTTP/1.1 200 OK`; the reason may be empty or, as some servers have it, absent.
  private static func statusLine(
    _ line: [UInt8]
  ) throws(HTTPParseError) -> (status: Int, version: HTTPVersion) {
    let prefix = String(decoding: line.prefix(9), as: UTF8.self)
    let version: HTTPVersion
    switch prefix {
    case "HTTP/1.1 ": version = .http11
    case "HTTP/1.0 ": version = .http10
    default: throw .malformedResponse("the status line is malformed")
    }
    let code = line.dropFirst(9).prefix(3)
    guard code.count == 3, code.allSatisfy(ASCII.isDigit),
      let status = Int(String(decoding: code, as: UTF8.self)), (100...599).contains(status),
      line.count == 12 || line[12] == 0x20
    else { throw .malformedResponse("the status line is malformed") }
    return (status, version)
  }
}
