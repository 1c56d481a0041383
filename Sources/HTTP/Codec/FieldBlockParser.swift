/// Reads lines that end in CR LF, byte by byte and in one pass however they are split: the first
/// line of a message, and its block of fields.
struct FieldBlockParser: Sendable {
  private let byteLimit: Int
  private let countLimit: Int
  private let overflow: HTTPParseError
  private(set) var fields = HeaderFields()
  private var bytesSeen = 0
  /// Bytes of the buffer that belong to the present line and are known to hold no line end.
  private var scanned = 0

  init(byteLimit: Int, countLimit: Int, overflow: HTTPParseError) {
    self.byteLimit = byteLimit
    self.countLimit = countLimit
    self.overflow = overflow
  }

  /// Reads on until the empty line.
  /// - Returns: whether it was reached.
  mutating func parse(_ buffer: inout ByteBuffer) throws(HTTPParseError) -> Bool {
    try refuseFolding(buffer)
    while let line = try LineReader.next(
      &buffer, scanned: &scanned, limit: byteLimit - bytesSeen, overflow: overflow)
    {
      if line.isEmpty { return true }
      bytesSeen += line.count + 2
      guard fields.count < countLimit else { throw overflow }
      try parse(line)
      try refuseFolding(buffer)
    }
    return false
  }

  /// Refused at its first byte, since the rest of the line may never come.
  private func refuseFolding(_ buffer: ByteBuffer) throws(HTTPParseError) {
    if scanned == 0 && !buffer.isEmpty && ASCII.isSpace(buffer[0]) {
      throw .bad("A header must not be folded over lines.")
    }
  }

  private mutating func parse(_ line: [UInt8]) throws(HTTPParseError) {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
      throw .bad("A header has no colon.")
    }
    let name = line[..<colon]
    guard !name.isEmpty, name.allSatisfy(ASCII.isToken) else {
      throw .bad("The name of a header is malformed.")
    }
    let value = ASCII.trimmed(line[(colon + 1)...])
    guard value.allSatisfy(ASCII.isFieldValue) else {
      throw .bad("The value of a header holds a control character.")
    }
    if name.count == 14, ASCII.equalsIgnoringCase(name, "content-length") {
      _ = try FieldRules.contentLength(String(decoding: value, as: UTF8.self))
    }
    fields.append(name, value)
  }
}

/// Takes single lines from a buffer.
enum LineReader {
  /// The next line without its end, once it is complete. A CR or LF that stands alone is refused,
  /// since peers differ on whether it ends a line.
  /// - Parameters:
  ///   - scanned: how many bytes were looked at by the calls before; kept by the caller.
  ///   - limit: bytes that the line may have.
  static func next(
    _ buffer: inout ByteBuffer, scanned: inout Int, limit: Int, overflow: HTTPParseError
  ) throws(HTTPParseError) -> [UInt8]? {
    let count = buffer.count
    var index = scanned
    while index < count {
      let byte = buffer[index]
      if byte == 0x0A { throw .bad("A line ends without CR.") }
      if byte == 0x0D {
        guard index <= limit else { throw overflow }
        guard index + 1 < count else { break }
        guard buffer[index + 1] == 0x0A else { throw .bad("A CR stands alone.") }
        scanned = 0
        let line = buffer.take(index)
        buffer.consume(2)
        return line
      }
      if byte < 0x20 && byte != 0x09 || byte == 0x7F {
        throw .bad("The head holds a control character.")
      }
      index += 1
      if index > limit { throw overflow }
    }
    scanned = index
    return nil
  }
}
