extension JSONCursor {
  /// Reads the string whose opening quote is at `quote`; returns the offset past the closing one.
  @inline(__always)
  func string(_ quote: Int) throws(JSONError) -> Int {
    var at = quote + 1
    while true {
      at = skipPlain(at)
      guard at < end else { throw JSONError(offset: end, message: "unterminated string") }
      let byte = self[at]
      if byte == UInt8(ascii: "\"") { return at + 1 }
      if byte >= 0x80 {
        at = try multibyte(at)
      } else if byte == UInt8(ascii: "\\") {
        at = try escape(at)
      } else {
        throw JSONError(offset: at, message: "control character in a string")
      }
    }
  }

  /// Skips the bytes of a string that need no thought: ASCII but quote, backslash and controls.
  @inline(__always)
  private func skipPlain(_ start: Int) -> Int {
    var at = start
    while at + 8 <= end {
      let word = word(at)
      let special =
        SWAR.equal(word, UInt8(ascii: "\"")) | SWAR.equal(word, UInt8(ascii: "\\"))
        | SWAR.less(word, than: 0x20) | (word & SWAR.high)
      if special != 0 { return at + special.trailingZeroBitCount >> 3 }
      at += 8
    }
    while at < end {
      let byte = self[at]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 || byte >= 0x80 {
        return at
      }
      at += 1
    }
    return at
  }

  /// Reads one escape, `at` being its backslash (RFC 8259, section 7).
  private func escape(_ at: Int) throws(JSONError) -> Int {
    guard at + 1 < end else { throw JSONError(offset: end, message: "unterminated string") }
    switch self[at + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return at + 2
    case UInt8(ascii: "u"):
      for index in at + 2..<at + 6 {
        guard index < end else { throw JSONError(offset: end, message: "unterminated string") }
        guard JSONString.hexDigit(self[index]) != nil else {
          throw JSONError(offset: index, message: "\\u is not followed by four hexadecimal digits")
        }
      }
      return at + 6
    default:
      throw JSONError(offset: at + 1, message: "unknown escape in a string")
    }
  }

  /// Reads a run of multi-byte characters (RFC 3629, section 4: no overlong form, no surrogate,
  /// nothing above U+10FFFF).
  private func multibyte(_ start: Int) throws(JSONError) -> Int {
    var at = start
    while at < end {
      let lead = self[at]
      if lead < 0x80 { return at }
      let length: Int
      var second: ClosedRange<UInt8> = 0x80...0xBF
      switch lead {
      case 0xC2...0xDF: length = 2
      case 0xE0: (length, second) = (3, 0xA0...0xBF)
      case 0xED: (length, second) = (3, 0x80...0x9F)
      case 0xE1...0xEF: length = 3
      case 0xF0: (length, second) = (4, 0x90...0xBF)
      case 0xF4: (length, second) = (4, 0x80...0x8F)
      case 0xF1...0xF3: length = 4
      default: throw JSONError(offset: at, message: "invalid UTF-8")
      }
      guard at + length <= end, second.contains(self[at + 1]),
        length < 3 || self[at + 2] & 0xC0 == 0x80, length < 4 || self[at + 3] & 0xC0 == 0x80
      else { throw multibyteError(at, length, second) }
      at += length
    }
    return at
  }

  /// What is wrong with the character whose first byte is at `lead`.
  private func multibyteError(
    _ lead: Int, _ length: Int, _ second: ClosedRange<UInt8>
  ) -> JSONError {
    for at in lead + 1..<lead + length {
      guard at < end else { return JSONError(offset: end, message: "unterminated string") }
      guard (at == lead + 1 ? second : 0x80...0xBF).contains(self[at]) else { break }
    }
    return JSONError(offset: lead, message: "invalid UTF-8")
  }
}
