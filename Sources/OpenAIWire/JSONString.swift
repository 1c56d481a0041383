/// Decoding of string literals that a scan has found valid.
enum JSONString {
  /// The text of the literal at `range`, quotes included in the range.
  static func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
    guard range.count >= 2 else { return "" }
    let inside = range.lowerBound + 1..<range.upperBound - 1
    guard bytes[inside].contains(UInt8(ascii: "\\")) else {
      return String(decoding: bytes[inside], as: UTF8.self)
    }
    return String(decoding: decode(bytes, inside), as: UTF8.self)
  }

  /// Whether a literal whose inside has `count` bytes can stand for `text`: an escape has at most six
  /// bytes for each byte that it stands for.
  static func mayBe(_ count: Int, _ text: String) -> Bool {
    let length = text.utf8.count
    return count >= length && count / 6 <= length
  }

  /// The UTF-8 of a literal's inside. An escaped surrogate without its other half becomes U+FFFD.
  static func decode(_ bytes: [UInt8], _ inside: Range<Int>) -> [UInt8] {
    // No escape is shorter than what it stands for, so the capacity suffices.
    [UInt8](capacity: inside.count) { out in
      let bytes = bytes.span
      var at = inside.lowerBound
      while at < inside.upperBound {
        let byte = bytes[at]
        at += 1
        if byte != UInt8(ascii: "\\") || at == inside.upperBound {
          out.append(byte)
        } else {
          decodeEscape(bytes, &at, inside.upperBound, to: &out)
        }
      }
    }
  }

  /// Decodes one escape, `at` being past its backslash.
  private static func decodeEscape(
    _ bytes: Span<UInt8>, _ at: inout Int, _ end: Int, to out: inout OutputSpan<UInt8>
  ) {
    let letter = bytes[at]
    at += 1
    switch letter {
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0C)
    case UInt8(ascii: "n"): out.append(0x0A)
    case UInt8(ascii: "r"): out.append(0x0D)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "u"):
      guard at + 4 <= end else {
        at = end
        return
      }
      let unit = hex(bytes, at)
      at += 4
      decodeUnit(unit, bytes, &at, end, to: &out)
    default: out.append(letter)
    }
  }

  /// Appends the scalar of the unit just read, and reads the second half of a surrogate pair.
  private static func decodeUnit(
    _ unit: UInt32, _ bytes: Span<UInt8>, _ at: inout Int, _ end: Int,
    to out: inout OutputSpan<UInt8>
  ) {
    var value = unit
    if (0xD800..<0xDC00).contains(unit), at + 6 <= end, bytes[at] == UInt8(ascii: "\\"),
      bytes[at + 1] == UInt8(ascii: "u")
    {
      let low = hex(bytes, at + 2)
      if (0xDC00..<0xE000).contains(low) {
        value = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
        at += 6
      }
    }
    let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
    for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { out.append(byte) }
  }

  /// The number of four hexadecimal digits; a surrogate where one is none.
  private static func hex(_ bytes: Span<UInt8>, _ start: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in start..<start + 4 {
      guard let digit = hexDigit(bytes[index]) else { return 0xD800 }
      value = value << 4 | digit
    }
    return value
  }

  /// The value of one hexadecimal digit, nil for any other byte.
  @inline(__always)
  static func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte &- UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte &- UInt8(ascii: "a") &+ 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte &- UInt8(ascii: "A") &+ 10)
    default: nil
    }
  }
}
