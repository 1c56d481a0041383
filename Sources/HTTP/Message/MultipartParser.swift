/// Reads a `multipart/form-data` body (RFC 7578), strictly: text before the first or behind the last
/// delimiter, which only some readers would see, is refused like everything else that is malformed.
package struct MultipartParser {
  /// What a form may have at most. Its size is bounded by whoever reads the body.
  package struct Limits: Sendable, Hashable {
    package var parts = 64
    /// Bytes of the fields before the content of one part.
    package var fieldBytes = 4096
    /// Bytes of a part's name, and of its file's name.
    package var nameBytes = 256

    /// The defaults that each property names.
    package init() {}
  }

  /// One field or file of a form.
  package struct Part: Sendable {
    package let name: String
    /// Nil for a field; never to be used as a path.
    package let fileName: String?
    /// As it was sent, unchecked.
    package let contentType: String?
    /// The content; shares the body's memory.
    package let bytes: ArraySlice<UInt8>

    /// The content as text; nil where it is not UTF-8.
    package var text: String? { String(validating: bytes, as: UTF8.self) }
  }

  private let body: [UInt8]
  private let limits: Limits
  /// CR LF, two hyphens and the boundary.
  private let delimiter: [UInt8]
  private var at = 0

  /// The parts of a form, in order; at least one.
  /// - Parameter contentType: the field of that name, which holds the boundary.
  /// - Throws: `HTTPParseError`, of status 400, 413 beyond a limit, or 415 for another media type.
  package static func parse(
    body: [UInt8], contentType: String, limits: Limits = Limits()
  ) throws(HTTPParseError) -> [Part] {
    guard let type = FieldParameters(contentType), type.value == "multipart/form-data" else {
      throw HTTPParseError(status: 415, message: "The body must be multipart/form-data.")
    }
    guard let boundary = type["boundary"], isBoundary(boundary) else {
      throw .bad("The content type has no valid boundary.")
    }
    var parser = MultipartParser(
      body: body, limits: limits, delimiter: Array("\r\n--\(boundary)".utf8))
    return try parser.parts()
  }

  private init(body: [UInt8], limits: Limits, delimiter: [UInt8]) {
    self.body = body
    self.limits = limits
    self.delimiter = delimiter
  }

  /// RFC 2046, section 5.1.1.
  private static func isBoundary(_ text: String) -> Bool {
    let others = Array("'()+_,-./:=? ".utf8)
    return (1...70).contains(text.utf8.count) && !text.hasSuffix(" ")
      && text.utf8.allSatisfy {
        ASCII.isDigit($0) || (0x61...0x7A).contains($0 | 0x20) || others.contains($0)
      }
  }

  // MARK: Delimiters

  private mutating func parts() throws(HTTPParseError) -> [Part] {
    // The first delimiter may do without the line break that belongs to the others.
    if body.starts(with: delimiter.dropFirst(2)) {
      at = delimiter.count - 2
    } else if body.starts(with: delimiter) {
      at = delimiter.count
    } else {
      throw .bad("The form does not begin with its boundary.")
    }
    var parts: [Part] = []
    while try !isLast() {
      guard parts.count < limits.parts else {
        throw HTTPParseError(
          status: 413, message: "The form has more than \(limits.parts) parts.")
      }
      parts.append(try part())
    }
    guard !parts.isEmpty else { throw .bad("The form is empty.") }
    return parts
  }

  /// Reads what stands behind a boundary: the end of its line, or the mark of the form's end.
  private mutating func isLast() throws(HTTPParseError) -> Bool {
    let isLast = body[at...].starts(with: "--".utf8)
    if isLast { at += 2 }
    while at < body.count, ASCII.isSpace(body[at]) { at += 1 }
    if isLast, at == body.count { return true }
    guard body[at...].starts(with: [0x0D, 0x0A]) else {
      throw .bad("A boundary of the form stands in a line with other text.")
    }
    at += 2
    guard isLast else { return false }
    guard at == body.count else { throw .bad("There is text behind the end of the form.") }
    return true
  }

  private mutating func part() throws(HTTPParseError) -> Part {
    let head = try MultipartHead(try fields(), limits: limits)
    // An empty part: the line break that ends its fields is the delimiter's own.
    let start = at
    if body[start...].starts(with: delimiter.dropFirst(2)) {
      at += delimiter.count - 2
      return Part(
        name: head.name, fileName: head.fileName, contentType: head.contentType,
        bytes: body[start..<start])
    }
    guard let end = nextDelimiter() else { throw .bad("The form ends within a part.") }
    at = end + delimiter.count
    return Part(
      name: head.name, fileName: head.fileName, contentType: head.contentType,
      bytes: body[start..<end])
  }

  /// Takes the fields of a part, and the empty line that follows them.
  private mutating func fields() throws(HTTPParseError) -> ArraySlice<UInt8> {
    let end = min(body.count, at + limits.fieldBytes)
    var index = at
    while index + 3 < end {
      if body[index] == 0x0D, body[index...].starts(with: [0x0D, 0x0A, 0x0D, 0x0A]) {
        defer { at = index + 4 }
        return body[at..<index + 4]
      }
      index += 1
    }
    throw end == body.count
      ? .bad("The form ends within the fields of a part.")
      : HTTPParseError(status: 413, message: "The fields of a part are too large.")
  }

  /// Where the next delimiter stands. Only CR can begin one, and it holds no second CR, so no byte
  /// is compared more than twice.
  private func nextDelimiter() -> Int? {
    let bytes = body.span
    let wanted = delimiter.span
    guard bytes.count >= wanted.count else { return nil }
    let last = bytes.count - wanted.count
    var index = at
    while index <= last {
      if bytes[index] == 0x0D {
        var length = 1
        while length < wanted.count, bytes[index + length] == wanted[length] { length += 1 }
        if length == wanted.count { return index }
      }
      index += 1
    }
    return nil
  }
}
