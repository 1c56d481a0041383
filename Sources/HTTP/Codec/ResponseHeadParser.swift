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
      line = try LineReader.next(
        &buffer, scanned: &scanned, limit: limits.startLine,
        overflow: .malformedResponse("the status line is too long"), Self.statusLine)
      if line == nil { return nil }
    }
    guard let line, try fields.parse(&buffer) else { return nil }
    return ResponseHead(
      status: line.status, version: line.version, headers: fields.fields,
      declaredFraming: try fields.framing(line.version))
  }

  /// `HTTP/1.1 200 OK`; the reason may be empty or, as some servers have it, absent.
  private static func statusLine(
    _ line: ArraySlice<UInt8>
  ) throws(HTTPParseError) -> (status: Int, version: HTTPVersion) {
    let start = line.startIndex
    let code = line.dropFirst(9).prefix(3)
    guard code.count == 3, line.starts(with: protocolName), line[start + 8] == 0x20,
      line[start + 7] == UInt8(ascii: "0") || line[start + 7] == UInt8(ascii: "1"),
      code.allSatisfy(ASCII.isDigit), line.count == 12 || line[start + 12] == 0x20
    else { throw .malformedResponse("the status line is malformed") }
    let status = code.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    guard (100...599).contains(status) else {
      throw .malformedResponse("the status line is malformed")
    }
    return (status, line[start + 7] == UInt8(ascii: "1") ? .http11 : .http10)
  }
  private static let protocolName = Array("HTTP/1.".utf8)
}
