/// A slow and simple JSON reader (RFC 8259), written to be obviously right: the yardstick for the
/// scanner. It recurses, copies, and stops at the first fault.
indirect enum ReferenceJSON: Equatable {
  case object([Member])
  case array([ReferenceJSON])
  case string([UInt8])
  case number([UInt8])
  case bool(Bool)
  case null

  struct Member: Equatable {
    var key: [UInt8]
    var value: ReferenceJSON
  }

  /// The value of a whole text, nil where it is not JSON or is nested too deeply.
  static func read(_ bytes: [UInt8], maxDepth: Int = 128) -> ReferenceJSON? {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    var reader = ReferenceReader(rest: Array(text.unicodeScalars)[...])
    reader.space()
    guard let value = reader.value(depth: maxDepth) else { return nil }
    reader.space()
    return reader.rest.isEmpty ? value : nil
  }
}

private struct ReferenceReader {
  var rest: ArraySlice<Unicode.Scalar>

  mutating func space() {
    while let scalar = rest.first, [" ", "\t", "\n", "\r"].contains(scalar) { rest.removeFirst() }
  }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard rest.first == scalar else { return false }
    rest.removeFirst()
    return true
  }

  mutating func take(_ word: String) -> Bool {
    guard rest.starts(with: word.unicodeScalars) else { return false }
    rest.removeFirst(word.unicodeScalars.count)
    return true
  }

  mutating func value(depth: Int) -> ReferenceJSON? {
    switch rest.first {
    case "{": return depth > 0 ? object(depth: depth - 1) : nil
    case "[": return depth > 0 ? array(depth: depth - 1) : nil
    case "\"": return string().map { .string($0) }
    case "t": return take("true") ? .bool(true) : nil
    case "f": return take("false") ? .bool(false) : nil
    case "n": return take("null") ? .null : nil
    default: return number().map { .number($0) }
    }
  }

  mutating func object(depth: Int) -> ReferenceJSON? {
    guard take("{") else { return nil }
    var members: [ReferenceJSON.Member] = []
    space()
    if take("}") { return .object(members) }
    while true {
      space()
      guard let key = string() else { return nil }
      space()
      guard take(":") else { return nil }
      space()
      guard let value = value(depth: depth) else { return nil }
      members.append(.init(key: key, value: value))
      space()
      if take("}") { return .object(members) }
      guard take(",") else { return nil }
    }
  }

  mutating func array(depth: Int) -> ReferenceJSON? {
    guard take("[") else { return nil }
    var elements: [ReferenceJSON] = []
    space()
    if take("]") { return .array(elements) }
    while true {
      space()
      guard let value = value(depth: depth) else { return nil }
      elements.append(value)
      space()
      if take("]") { return .array(elements) }
      guard take(",") else { return nil }
    }
  }

  /// The UTF-8 of a string. Its UTF-16 units are gathered first, so that surrogates join or, when
  /// alone, become U+FFFD.
  mutating func string() -> [UInt8]? {
    guard take("\"") else { return nil }
    var units: [UInt16] = []
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\"": return Array(String(decoding: units, as: UTF16.self).utf8)
      case "\\":
        guard let unit = escape() else { return nil }
        units.append(unit)
      case "\u{0}"..."\u{1F}": return nil
      default: units.append(contentsOf: String(scalar).utf16)
      }
    }
    return nil
  }

  mutating func escape() -> UInt16? {
    switch rest.popFirst() {
    case "\"": return 0x22
    case "\\": return 0x5C
    case "/": return 0x2F
    case "b": return 0x08
    case "f": return 0x0C
    case "n": return 0x0A
    case "r": return 0x0D
    case "t": return 0x09
    case "u":
      var digits = ""
      for _ in 0..<4 {
        guard let digit = rest.popFirst(), digit.properties.isASCIIHexDigit else { return nil }
        digits.unicodeScalars.append(digit)
      }
      return UInt16(digits, radix: 16)
    default: return nil
    }
  }

  mutating func number() -> [UInt8]? {
    let start = rest
    _ = take("-")
    if !take("0"), digits() == 0 { return nil }
    if take("."), digits() == 0 { return nil }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      if digits() == 0 { return nil }
    }
    return start[..<rest.startIndex].map { UInt8(ascii: $0) }
  }

  mutating func digits() -> Int {
    var count = 0
    while let scalar = rest.first, ("0"..."9").contains(scalar) {
      rest.removeFirst()
      count += 1
    }
    return count
  }
}
