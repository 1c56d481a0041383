/// Classes of bytes (RFC 9110, section 5.6) and comparisons of them.
enum ASCII {
  /// `tchar`: what names of methods and fields are made of.
  static func isToken(_ byte: UInt8) -> Bool {
    // Two words of bits, one for each byte below 128.
    byte < 64
      ? tokenLow & (1 << UInt64(byte)) != 0
      : byte < 128 && tokenHigh & (1 << UInt64(byte - 64)) != 0
  }
  private static let tokenLow: UInt64 = bits("!#$%&'*+-.0123456789", from: 0)
  private static let tokenHigh: UInt64 = bits(
    "^_`|~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", from: 64)

  private static func bits(_ characters: StaticString, from base: UInt8) -> UInt64 {
    var bits: UInt64 = 0
    characters.withUTF8Buffer { for byte in $0 { bits |= 1 << UInt64(byte - base) } }
    return bits
  }

  /// Visible characters, spaces, tabs and `obs-text`.
  static func isFieldValue(_ byte: UInt8) -> Bool {
    (byte >= 0x20 && byte != 0x7F) || byte == 0x09
  }

  /// Characters that a request's target may hold; quotes and brackets are let through, as by
  /// other servers.
  static func isTarget(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#")
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  static func hexValue(_ byte: UInt8) -> Int? {
    switch byte {
    case 0x30...0x39: Int(byte) - 0x30
    case 0x41...0x46: Int(byte) - 0x37
    case 0x61...0x66: Int(byte) - 0x57
    default: nil
    }
  }

  static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes
    while let first = bytes.first, isSpace(first) { bytes.removeFirst() }
    while let last = bytes.last, isSpace(last) { bytes.removeLast() }
    return bytes
  }

  /// Compares with a name of ASCII characters.
  static func equalsIgnoringCase(_ bytes: ArraySlice<UInt8>, _ name: String) -> Bool {
    let name = name.utf8
    guard bytes.count == name.count else { return false }
    return zip(bytes, name).allSatisfy { left, right in
      left == right || (left ^ right == 0x20 && (0x61...0x7A).contains(left | 0x20))
    }
  }
}
