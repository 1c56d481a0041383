/// A slow and simple reader of the whole of what a client sends on a connection (RFC 9112, in the
/// strict reading of this server), written to be obviously right: the yardstick for the codec.
struct ReferenceHTTP: Equatable {
  struct Request: Equatable {
    var method: String
    var target: String
    var fields: [String]
    var body: [UInt8]
    var trailers: [String]
  }

  struct Bounds {
    var startLine: Int
    var headerBytes: Int
    var headerCount: Int
    var body: Int
    var trailerBytes: Int
    var chunkLine: Int
  }

  /// What comes after the last whole request.
  enum End: Equatable {
    case clean
    /// The start of a request that may still become a whole one.
    case cut
    case refused
  }

  private struct Refused: Error {}
  private struct Cut: Error {}

  var requests: [Request] = []
  var end = End.clean

  init(_ bytes: [UInt8], _ bounds: Bounds) {
    var rest = bytes[...]
    do {
      while !rest.isEmpty { requests.append(try Self.request(&rest, bounds)) }
    } catch is Cut {
      end = .cut
    } catch {
      end = .refused
    }
  }

  /// A line, without the CR LF that must end it.
  private static func line(_ rest: inout ArraySlice<UInt8>, _ limit: Int) throws -> String {
    var line: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == 0x0D {
        guard let next = rest.popFirst() else { throw Cut() }
        guard next == 0x0A, line.count <= limit else { throw Refused() }
        return text(line)
      }
      guard byte == 0x09 || byte >= 0x20 && byte != 0x7F else { throw Refused() }
      line.append(byte)
      if line.count > limit { throw Refused() }
    }
    throw Cut()
  }

  /// One scalar for each byte.
  private static func text(_ bytes: [UInt8]) -> String {
    var text = ""
    for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return text
  }

  private static func require(_ condition: Bool) throws {
    if !condition { throw Refused() }
  }

  private static func isToken(_ text: String) -> Bool {
    let others = "!#$%&'*+-.^_`|~"
    return !text.isEmpty
      && text.unicodeScalars.allSatisfy { scalar in
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
          || ("0"..."9").contains(scalar) || others.unicodeScalars.contains(scalar)
      }
  }

  private static func isDigits(_ text: String) -> Bool {
    !text.isEmpty && text.unicodeScalars.allSatisfy { ("0"..."9").contains($0) }
  }

  private static func request(
    _ rest: inout ArraySlice<UInt8>, _ bounds: Bounds
  ) throws -> Request {
    var start = try line(&rest, bounds.startLine)
    if start.isEmpty { start = try line(&rest, bounds.startLine) }
    let words = start.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    try require(words.count == 3)
    let (method, target, version) = (words[0], words[1], words[2])
    try require(isToken(method) && method == method.uppercased() && method != method.lowercased())
    try require(version == "HTTP/1.1" || version == "HTTP/1.0")
    try require(method != "CONNECT")
    let path = try path(target, method)
    let fields = try fields(&rest, bounds.headerBytes, bounds.headerCount)
    func values(_ name: String) -> [String] {
      fields.filter { $0.name.lowercased() == name }.map(\.value)
    }

    try require(values("host").count <= 1)
    if let host = values("host").first {
      try require(isAuthority(host))
    } else {
      try require(version == "HTTP/1.0")
    }
    for expectation in values("expect") {
      try require(expectation.lowercased() == "100-continue")
    }

    var body: [UInt8] = []
    var trailers: [(name: String, value: String)] = []
    let lengths = values("content-length")
    let codings = values("transfer-encoding")
    try require(lengths.count + codings.count <= 1)
    if let coding = codings.first {
      try require(version == "HTTP/1.1" && coding.lowercased() == "chunked")
      body = try chunks(&rest, bounds)
      trailers = try Self.fields(&rest, bounds.trailerBytes, bounds.headerCount)
      let forbidden = [
        "content-length", "transfer-encoding", "host", "connection", "authorization",
      ]
      try require(!trailers.contains { forbidden.contains($0.name.lowercased()) })
    } else if let length = lengths.first {
      try require(isDigits(length))
      let count = try number(length, radix: 10)
      try require(count <= bounds.body)
      guard rest.count >= count else { throw Cut() }
      body = Array(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return Request(
      method: method, target: path, fields: fields.map { "\($0.name): \($0.value)" }, body: body,
      trailers: trailers.map { "\($0.name): \($0.value)" })
  }

  private static func number(_ digits: String, radix: Int) throws -> Int {
    guard let number = Int(digits, radix: radix) else { throw Refused() }
    return number
  }

  private static func path(_ target: String, _ method: String) throws -> String {
    try require(!target.isEmpty)
    try require(target.unicodeScalars.allSatisfy { ("!"..."~").contains($0) && $0 != "#" })
    if target.hasPrefix("/") || target == "*" && method == "OPTIONS" { return target }
    let schemes = ["http://", "https://"]
    guard let scheme = schemes.first(where: { target.lowercased().hasPrefix($0) }) else {
      throw Refused()
    }
    let rest = target.dropFirst(scheme.count)
    let authority = String(rest.prefix { $0 != "/" && $0 != "?" })
    try require(!authority.isEmpty && !authority.hasPrefix(":") && isAuthority(authority))
    let path = String(rest.dropFirst(authority.count))
    return path.hasPrefix("/") ? path : "/" + path
  }

  private static func isAuthority(_ text: String) -> Bool {
    let others = "-._~%!$&'()*+="
    func isName(_ text: Substring, _ more: String) -> Bool {
      text.unicodeScalars.allSatisfy { scalar in
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
          || ("0"..."9").contains(scalar) || (others + more).unicodeScalars.contains(scalar)
      }
    }
    func isPort(_ text: Substring) -> Bool {
      text.isEmpty
        || text.hasPrefix(":") && text.count <= 6
          && (text.count == 1 || isDigits(String(text.dropFirst())))
    }
    if text.hasPrefix("[") {
      let parts = text.dropFirst().split(
        separator: "]", maxSplits: 1, omittingEmptySubsequences: false)
      return parts.count == 2 && !parts[0].isEmpty && isName(parts[0], ":") && isPort(parts[1])
    }
    let name = text.prefix { $0 != ":" }
    return isName(name, "") && isPort(text.dropFirst(name.count))
  }

  private static func fields(
    _ rest: inout ArraySlice<UInt8>, _ byteLimit: Int, _ countLimit: Int
  ) throws -> [(name: String, value: String)] {
    var fields: [(name: String, value: String)] = []
    var bytes = 0
    while true {
      let line = try line(&rest, byteLimit - bytes)
      if line.isEmpty { return fields }
      bytes += line.unicodeScalars.count + 2
      try require(fields.count < countLimit)
      guard let colon = line.firstIndex(of: ":") else { throw Refused() }
      let name = String(line[..<colon])
      try require(isToken(name))
      var value = line[line.index(after: colon)...]
      while value.first == " " || value.first == "\t" { value.removeFirst() }
      while value.last == " " || value.last == "\t" { value.removeLast() }
      fields.append((name, String(value)))
    }
  }

  private static func chunks(_ rest: inout ArraySlice<UInt8>, _ bounds: Bounds) throws -> [UInt8] {
    var body: [UInt8] = []
    while true {
      let line = try line(&rest, bounds.chunkLine)
      let digits = String(line.prefix { $0.isASCII && $0.isHexDigit })
      try require((1...15).contains(digits.count))
      try extensions(line.dropFirst(digits.count))
      let size = try number(digits, radix: 16)
      try require(body.count + size <= bounds.body)
      if size == 0 { return body }
      guard rest.count > size else { throw Cut() }
      body += rest.prefix(size)
      rest = rest.dropFirst(size)
      if rest.first == 0x0D && rest.count == 1 { throw Cut() }
      try require(rest.starts(with: [0x0D, 0x0A]))
      rest = rest.dropFirst(2)
    }
  }

  /// `*( ";" BWS name [ BWS "=" BWS value ] BWS )`, where the last may not end in whitespace.
  private static func extensions(_ text: Substring) throws {
    guard !text.isEmpty else { return }
    try require(text.hasPrefix(";") && text.last != " " && text.last != "\t")
    var parts: [String] = [""]
    var isQuoted = false
    var isEscaped = false
    for character in text.dropFirst().unicodeScalars {
      if !isQuoted && character == ";" {
        parts.append("")
        continue
      }
      parts[parts.count - 1].unicodeScalars.append(character)
      if isEscaped {
        isEscaped = false
      } else if isQuoted && character == "\\" {
        isEscaped = true
      } else if character == "\"" {
        isQuoted.toggle()
      }
    }
    try require(!isQuoted)
    for part in parts { try oneExtension(part) }
  }

  private static func oneExtension(_ part: String) throws {
    func trimmed(_ text: Substring) -> String {
      var text = text
      while text.first == " " || text.first == "\t" { text.removeFirst() }
      while text.last == " " || text.last == "\t" { text.removeLast() }
      return String(text)
    }
    let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    try require(isToken(trimmed(sides[0])))
    guard sides.count == 2 else { return }
    let value = trimmed(sides[1])
    if isToken(value) { return }
    try require(value.hasPrefix("\"") && value.hasSuffix("\"") && value.count >= 2)
    // A second quotation mark that is not escaped would end the value early.
    var isEscaped = false
    for character in value.dropFirst().dropLast() {
      if isEscaped {
        isEscaped = false
      } else {
        try require(character != "\"")
        isEscaped = character == "\\"
      }
    }
    try require(!isEscaped)
  }
}
