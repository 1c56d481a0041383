/// Reads lines that end in CR LF, byte by byte and in one pass however they are split: the first
/// line of a message, and its block of fields.
struct FieldBlockParser: Sendable {
  private let bounds: Bounds
  private(set) var fields = HeaderFields()
  private var bytesSeen = 0
  /// Bytes of the buffer that belong to the present line and are known to hold no line end.
  private var scanned = 0
  /// Bytes of the present line that are known to belong to its name, and where its colon is.
  private var nameLength = 0
  private var colon: Int?
  /// What the fields say of the length of the body.
  private var contentLength: Int?
  private var hasTransferCoding = false

  /// What the fields belong to.
  enum Part: Sendable {
    case request, answer, trailers, formPart
  }

  private struct Bounds: Sendable {
    let part: Part
    let bytes: Int
    let count: Int

    /// Made only where it is needed: a head without faults costs no text.
    var overflow: HTTPParseError {
      let text = "more than \(bytes) bytes or \(count) fields"
      return switch part {
      case .request: HTTPParseError(status: 431, message: "The headers are \(text).")
      case .answer: .malformedResponse("the headers are \(text)")
      case .trailers: HTTPParseError(status: 431, message: "The trailers are too large.")
      case .formPart: HTTPParseError(status: 413, message: "A part has too many fields.")
      }
    }
  }

  init(_ limits: HTTPLimits, of part: Part) {
    self.init(
      of: part, bytes: part == .trailers ? limits.trailerBytes : limits.headerBytes,
      count: limits.headerCount)
  }

  init(of part: Part, bytes: Int, count: Int) {
    bounds = Bounds(part: part, bytes: bytes, count: count)
  }

  /// Reads on until the empty line. A fault is reported at its first byte, not at the end of the
  /// line, which might never come.
  /// - Returns: whether it was reached.
  mutating func parse(_ buffer: inout ByteBuffer) throws(HTTPParseError) -> Bool {
    let bounds = bounds
    while true {
      try scanName(buffer)
      guard
        let length = try LineReader.length(
          buffer, scanned: &scanned, limit: bounds.bytes - bytesSeen,
          overflow: bounds.overflow)
      else { return false }
      if length > 0 {
        bytesSeen += length + 2
        guard fields.count < bounds.count else { throw bounds.overflow }
        try parse(buffer.prefix(length).span)
      }
      buffer.consume(length + 2)
      if length == 0 { return true }
    }
  }

  /// Looks at the bytes before the colon as they come.
  private mutating func scanName(_ buffer: ByteBuffer) throws(HTTPParseError) {
    guard colon == nil else { return }
    let end = min(buffer.count, bounds.bytes - bytesSeen)
    let unread = buffer.prefix(buffer.count)
    let bytes = unread.span
    var at = nameLength
    while at < end, ASCII.isToken(bytes[at]) { at += 1 }
    nameLength = at
    guard at < end, bytes[at] != 0x0D else { return }
    guard bytes[at] == UInt8(ascii: ":"), at > 0 else {
      throw at == 0 && ASCII.isSpace(bytes[at])
        ? .bad("A header must not be folded over lines.")
        : .bad("The name of a header is malformed.")
    }
    colon = at
  }

  private mutating func parse(_ line: Span<UInt8>) throws(HTTPParseError) {
    guard let colon else { throw .bad("A header has no colon.") }
    self.colon = nil
    nameLength = 0
    let name = line.extracting(..<colon)
    let rest = line.extracting((colon + 1)...)
    // Nothing in it but what may be: the line was looked at for control characters.
    let content = ASCII.content(rest)
    try checkFraming(name, rest.extracting(content))
    fields.append(
      line, name: colon,
      value: (colon + 1 + content.lowerBound)..<(colon + 1 + content.upperBound))
  }

  /// How the body's end is known; nil where no field says so.
  func framing(_ version: HTTPVersion) throws(HTTPParseError) -> BodyFraming? {
    guard hasTransferCoding else { return contentLength.map(BodyFraming.length) }
    guard version == .http11 else { throw .bad("HTTP/1.0 has no Transfer-Encoding.") }
    return try FieldRules.transferCoding(fields["transfer-encoding"] ?? "")
  }

  /// What says how long the body is must stand once and be a number where it is one. With two such
  /// fields either could be believed, by this server and by another one before or behind it.
  private mutating func checkFraming(
    _ name: Span<UInt8>, _ value: Span<UInt8>
  ) throws(HTTPParseError) {
    let isLength = name.count == 14 && ASCII.equalsIgnoringCase(name, "content-length")
    guard isLength || name.count == 17 && ASCII.equalsIgnoringCase(name, "transfer-encoding")
    else { return }
    guard contentLength == nil, !hasTransferCoding else {
      throw .bad("Content-Length and Transfer-Encoding exclude each other and stand once.")
    }
    if isLength {
      contentLength = try FieldRules.contentLength(value)
    } else {
      hasTransferCoding = true
    }
  }
}

/// Takes single lines from a buffer.
enum LineReader {
  /// The length of the next line without its end, once it is complete. A CR or LF that stands alone
  /// is refused, since peers differ on whether it ends a line.
  /// - Parameters:
  ///   - scanned: how many bytes were looked at by the calls before; kept by the caller.
  ///   - limit: bytes that the line may have.
  static func length(
    _ buffer: borrowing ByteBuffer, scanned: inout Int, limit: Int,
    overflow: @autoclosure () -> HTTPParseError
  ) throws(HTTPParseError) -> Int? {
    let unread = buffer.prefix(buffer.count)
    let bytes = unread.span
    let count = bytes.count
    let index = ASCII.firstControl(bytes, from: scanned)
    guard index <= limit else { throw overflow() }
    scanned = index
    guard index < count else { return nil }
    if bytes[index] == 0x0A { throw .bad("A line ends without CR.") }
    guard bytes[index] == 0x0D else { throw .bad("The head holds a control character.") }
    guard index + 1 < count else { return nil }
    guard bytes[index + 1] == 0x0A else { throw .bad("A CR stands alone.") }
    scanned = 0
    return index
  }

  /// Reads the next line, without its end, once it is complete; it is taken from the buffer.
  static func next<Line>(
    _ buffer: inout ByteBuffer, scanned: inout Int, limit: Int,
    overflow: @autoclosure () -> HTTPParseError,
    _ read: (ArraySlice<UInt8>) throws(HTTPParseError) -> Line
  ) throws(HTTPParseError) -> Line? {
    guard let length = try length(buffer, scanned: &scanned, limit: limit, overflow: overflow())
    else { return nil }
    let line = try read(buffer.prefix(length))
    buffer.consume(length + 2)
    return line
  }
}
