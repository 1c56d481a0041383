internal import HTTP

/// The parts of a `multipart/form-data` body (RFC 7578).
struct FormParts {
  struct Part {
    var name: String
    var isFile: Bool
    var bytes: [UInt8]
    var text: String { String(decoding: bytes, as: UTF8.self) }
  }

  let parts: [Part]

  /// Nil where it is no such body.
  init?(_ body: [UInt8], contentType: String?) {
    guard let contentType, contentType.hasPrefix("multipart/form-data"),
      let mark = contentType.split(separator: ";").dropFirst().first(where: {
        $0.drop { $0 == " " }.hasPrefix("boundary=")
      }), let equals = mark.firstIndex(of: "=")
    else { return nil }
    let boundary = mark[mark.index(after: equals)...].filter { $0 != "\"" }
    let delimiter = Array("\r\n--\(boundary)".utf8)
    // The first delimiter has no line before it.
    let body = [0x0D, 0x0A] + body
    var parts: [Part] = []
    guard var at = Self.find(delimiter, in: body, from: 0) else { return nil }
    while true {
      let start = at + delimiter.count
      if body[start...].starts(with: "--".utf8) { break }
      guard let end = Self.find(delimiter, in: body, from: start),
        let part = Self.part(body[start..<end])
      else { return nil }
      parts.append(part)
      at = end
    }
    self.parts = parts
  }

  subscript(name: String) -> Part? { parts.first { $0.name == name } }

  private static func part(_ bytes: ArraySlice<UInt8>) -> Part? {
    let whole = Array(bytes)
    guard let end = find(Array("\r\n\r\n".utf8), in: whole, from: 0) else { return nil }
    let head = String(decoding: whole[..<end], as: UTF8.self)
    guard let quoted = head.split(separator: ";").first(where: { $0.hasPrefix(" name=\"") })
    else { return nil }
    let name = quoted.dropFirst(" name=\"".count).prefix { $0 != "\"" }
    return Part(
      name: String(name), isFile: head.contains("filename="),
      bytes: Array(whole[(end + 4)...]))
  }

  private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count >= pattern.count, let first = pattern.first else { return nil }
    var at = start
    while at <= bytes.count - pattern.count {
      if bytes[at] == first, bytes[at..<at + pattern.count].elementsEqual(pattern) { return at }
      at += 1
    }
    return nil
  }
}
