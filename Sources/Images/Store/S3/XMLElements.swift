/// Reads the little XML that S3 answers with, strictly and within bounds: elements and text. There
/// is no document type, so that no entity can be defined, and no CDATA.
struct XMLElements {
  /// What is not read here.
  struct XMLError: Error, Hashable {
    /// Where, in bytes.
    let offset: Int
  }

  private static let depth = 8
  private static let nameLength = 64
  private static let textLength = 8192

  private let bytes: [UInt8]
  private var index = 0
  private var path: [String] = []
  private var text: [UInt8] = []

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Calls `body` at the end of each element with the names from the root to it, and the text that
  /// stands behind its last child.
  /// - Throws: `XMLError`, also after `body` was called for what came before.
  static func read(
    _ bytes: [UInt8], _ body: (_ path: [String], _ text: String) -> Void
  ) throws(XMLError) {
    var reader = XMLElements(bytes)
    try reader.document(body)
  }

  private mutating func document(_ body: ([String], String) -> Void) throws(XMLError) {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    if bytes[index...].starts(with: "<?xml".utf8) { try skip(to: "?>") }
    var hasRoot = false
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "<") else {
        try character(isInside: !path.isEmpty)
        continue
      }
      index += 1
      if index < bytes.count, bytes[index] == UInt8(ascii: "/") {
        index += 1
        try close(body)
      } else {
        guard !path.isEmpty || !hasRoot else { throw fault }
        hasRoot = true
        try open(body)
      }
    }
    guard hasRoot, path.isEmpty else { throw fault }
  }

  private var fault: XMLError { XMLError(offset: index) }

  private mutating func skip(to end: String) throws(XMLError) {
    while !bytes[index...].starts(with: end.utf8) {
      index += 1
      guard index < bytes.count else { throw fault }
    }
    index += end.utf8.count
  }

  private mutating func name() throws(XMLError) -> String {
    let start = index
    while index < bytes.count, index - start <= Self.nameLength, Self.isName(bytes[index]) {
      index += 1
    }
    guard (1...Self.nameLength).contains(index - start), index < bytes.count else { throw fault }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  private static func isName(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
      || "-_.:".utf8.contains(byte)
  }

  private mutating func open(_ body: ([String], String) -> Void) throws(XMLError) {
    let name = try name()
    guard path.count < Self.depth else { throw fault }
    path.append(name)
    text.removeAll(keepingCapacity: true)
    // Attributes, namespaces among them, say nothing that is needed here.
    var quote: UInt8?
    var last: UInt8 = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: "<") {
        throw fault
      } else if byte == UInt8(ascii: ">") {
        if last == UInt8(ascii: "/") { finish(body) }
        return
      }
      last = byte
    }
    throw fault
  }

  private mutating func close(_ body: ([String], String) -> Void) throws(XMLError) {
    let name = try name()
    while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 }
    guard name == path.last, index < bytes.count, bytes[index] == UInt8(ascii: ">") else {
      throw fault
    }
    index += 1
    finish(body)
  }

  private mutating func finish(_ body: ([String], String) -> Void) {
    body(path, String(decoding: text, as: UTF8.self))
    path.removeLast()
    text.removeAll(keepingCapacity: true)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

  private mutating func character(isInside: Bool) throws(XMLError) {
    let byte = bytes[index]
    guard isInside else {
      guard Self.isSpace(byte) else { throw fault }
      index += 1
      return
    }
    guard text.count < Self.textLength else { throw fault }
    index += 1
    guard byte == UInt8(ascii: "&") else {
      text.append(byte)
      return
    }
    let rest = bytes[index...].prefix(12)
    guard let end = rest.firstIndex(of: UInt8(ascii: ";")) else { throw fault }
    let entity = String(decoding: bytes[index..<end], as: UTF8.self)
    guard let scalar = Self.scalar(entity) else { throw fault }
    text.append(contentsOf: String(Character(scalar)).utf8)
    index = end + 1
  }

  private static func scalar(_ entity: String) -> Unicode.Scalar? {
    switch entity {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      guard entity.hasPrefix("#") else { return nil }
      let isHexadecimal = entity.hasPrefix("#x")
      let digits = entity.dropFirst(isHexadecimal ? 2 : 1)
      guard digits.first?.isHexDigit == true else { return nil }
      return UInt32(digits, radix: isHexadecimal ? 16 : 10).flatMap(Unicode.Scalar.init(_:))
    }
  }
}
