/// What the fields of a head must satisfy before its message is acted on.
enum FieldRules {
  /// The coding of a body that goes out in chunks.
  static func transferCoding(_ value: String) throws(HTTPParseError) -> BodyFraming {
    let bytes = Array(value.utf8)
    if ASCII.equalsIgnoringCase(bytes[...], "chunked") { return .chunked }
    let parts = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      .map(ASCII.trimmed)
    let isListOfTokens = parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(ASCII.isToken) }
    let chunkedAt = parts.firstIndex { ASCII.equalsIgnoringCase($0, "chunked") }
    guard isListOfTokens, chunkedAt == nil || chunkedAt == parts.count - 1 else {
      throw .bad("Transfer-Encoding is malformed.")
    }
    guard chunkedAt != nil else { throw .bad("Transfer-Encoding must end with chunked.") }
    throw HTTPParseError(
      status: 501, message: "Of the transfer codings only chunked is spoken here.")
  }

  /// The number of bytes that a body has.
  static func contentLength(_ digits: Span<UInt8>) throws(HTTPParseError) -> Int {
    var length = 0
    for index in digits.indices {
      let (shifted, overflows) = length.multipliedReportingOverflow(by: 10)
      let (sum, carries) = shifted.addingReportingOverflow(Int(digits[index] &- 0x30))
      guard ASCII.isDigit(digits[index]), !overflows, !carries else {
        throw .bad("Content-Length is not a number.")
      }
      length = sum
    }
    guard !digits.isEmpty else { throw .bad("Content-Length is not a number.") }
    return length
  }

  /// `Host` of a request (RFC 9112, section 3.2).
  static func checkHost(_ headers: HeaderFields, _ version: HTTPVersion) throws(HTTPParseError) {
    guard headers.count(of: "host") <= 1 else { throw .bad("Host must stand once.") }
    guard let host = headers.valueBytes("host") else {
      if version == .http11 { throw .bad("Host is missing.") }
      return
    }
    guard isAuthority(host) else { throw .bad("Host is malformed.") }
  }

  /// `uri-host [ ":" port ]` (RFC 9110, section 7.2). The host may be empty, an address of IPv6
  /// stands in brackets.
  static func isAuthority(_ text: some BidirectionalCollection<UInt8>) -> Bool {
    func isName(_ byte: UInt8) -> Bool {
      ASCII.isHost(byte) && byte != UInt8(ascii: ":") && byte != UInt8(ascii: "[")
        && byte != UInt8(ascii: "]")
    }
    var rest = text[...]
    if rest.first == UInt8(ascii: "[") {
      guard let bracket = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
      let address = rest[..<bracket].dropFirst()
      guard !address.isEmpty, address.allSatisfy({ isName($0) || $0 == UInt8(ascii: ":") })
      else { return false }
      rest = rest[bracket...].dropFirst()
    } else {
      rest = rest.drop(while: isName)
    }
    guard let colon = rest.first else { return true }
    let port = rest.dropFirst()
    return colon == UInt8(ascii: ":") && port.count <= 5 && port.allSatisfy(ASCII.isDigit)
  }
}
