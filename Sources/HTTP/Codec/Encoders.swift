/// Writes the heads of answers.
enum ResponseEncoder {
  /// Appends status line, framing, `Date`, `Connection` and the given fields, of which those that
  /// the server itself sets are left out by the caller.
  static func head(
    status: Int, headers: HeaderFields, framing: BodyFraming, keepAlive: Bool, date: [UInt8],
    into output: inout [UInt8]
  ) {
    if status == 200 {
      output.append(contentsOf: ok)
    } else {
      output.append(contentsOf: "HTTP/1.1 ".utf8)
      output.append(decimal: status)
      output.append(0x20)
      output.append(contentsOf: reason(status).utf8)
      output.append(contentsOf: "\r\ndate: ".utf8)
    }
    output.append(contentsOf: date)
    output.append(0x0D)
    output.append(0x0A)
    output.append(contentsOf: headers.wireBytes)
    let hasBody = status >= 200 && status != 204 && status != 304
    switch framing {
    case .length(let length) where hasBody:
      output.append(contentsOf: CommonBytes.contentLength)
      output.append(decimal: length)
      output.append(0x0D)
      output.append(0x0A)
    case .chunked where hasBody: output.append(contentsOf: CommonBytes.chunked)
    default: break
    }
    output.append(contentsOf: keepAlive ? keepsAlive : closes)
  }

  private static let ok = Array("HTTP/1.1 200 OK\r\ndate: ".utf8)
  private static let keepsAlive = Array("connection: keep-alive\r\n\r\n".utf8)
  private static let closes = Array("connection: close\r\n\r\n".utf8)

  private static func reason(_ status: Int) -> StaticReason {
    StaticReason(status: status)
  }
}

/// The phrase behind a status (RFC 9110, section 15).
private struct StaticReason {
  let utf8: String.UTF8View

  init(status: Int) { utf8 = Self.phrase(status).utf8 }

  private static func phrase(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 206: "Partial Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 402: "Payment Required"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 416: "Range Not Satisfiable"
    case 417: "Expectation Failed"
    case 422: "Unprocessable Content"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: status < 400 ? "Status" : "Error"
    }
  }
}

/// Writes the heads of requests.
enum RequestEncoder {
  /// Appends request line, `Host`, framing and the given fields.
  static func head(
    method: HTTPMethod, target: String, host: String, headers: HeaderFields,
    framing: BodyFraming, into output: inout [UInt8]
  ) {
    output.append(contentsOf: method.name.utf8)
    output.append(0x20)
    output.append(contentsOf: target.utf8)
    output.append(contentsOf: hostField)
    output.append(contentsOf: host.utf8)
    output.append(contentsOf: CommonBytes.lineEnd)
    output.append(contentsOf: headers.wireBytes)
    switch framing {
    case .length(let length):
      output.append(contentsOf: CommonBytes.contentLength)
      output.append(decimal: length)
      output.append(contentsOf: CommonBytes.lineEnd)
    case .chunked: output.append(contentsOf: CommonBytes.chunked)
    case .none, .untilClose: break
    }
    output.append(contentsOf: CommonBytes.lineEnd)
  }

  private static let hostField = Array(" HTTP/1.1\r\nhost: ".utf8)
}

/// What most heads say, as bytes: to copy an array costs less than to read a string.
private enum CommonBytes {
  static let contentLength = Array("content-length: ".utf8)
  static let chunked = Array("transfer-encoding: chunked\r\n".utf8)
  static let lineEnd = Array("\r\n".utf8)
}

/// Writes the chunks of a body (RFC 9112, section 7.1).
enum ChunkEncoder {
  /// Appends one chunk. An empty one would end the body, so it is left out.
  static func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    output.append(hexadecimal: bytes.count)
    output.append(contentsOf: CommonBytes.lineEnd)
    output.append(copying: bytes)
    output.append(contentsOf: CommonBytes.lineEnd)
  }

  /// Appends the chunk that ends the body, without trailers.
  static func appendLast(to output: inout [UInt8]) {
    output.append(contentsOf: "0\r\n\r\n".utf8)
  }
}

extension [UInt8] {
  fileprivate mutating func append(decimal number: Int) {
    append(digitsOf: number, base: 10)
  }
  fileprivate mutating func append(hexadecimal number: Int) {
    append(digitsOf: number, base: 16)
  }

  private mutating func append(digitsOf number: Int, base: UInt) {
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var start = digits.count
    var rest = number.magnitude
    repeat {
      let digit = UInt8(truncatingIfNeeded: rest % base)
      start -= 1
      digits[start] = digit < 10 ? 0x30 + digit : 0x57 + digit
      rest /= base
    } while rest > 0
    for index in start..<digits.count { append(digits[index]) }
  }
}
