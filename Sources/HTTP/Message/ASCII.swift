/// Classes of bytes (RFC 9110, section 5.6) and comparisons of them.
enum ASCII {
  /// `tchar`: what names of methods and fields are made of.
  static func isToken(_ byte: UInt8) -> Bool {
    // Letters first, since names are made of them; then two words of bits, one for each byte below
    // 128.
    if (byte | 0x20) &- 0x61 < 26 { return true }
    return byte < 64
      ? tokenLow &>> UInt64(byte) & 1 != 0
      : byte < 128 && tokenHigh &>> UInt64(byte - 64) & 1 != 0
  }
  // Numbers, so that a look-up needs no initialization: `!#$%&'*+-.` and the digits; `^_`|~` and
  // the letters.
  private static let tokenLow: UInt64 = 0x03FF6CFA00000000
  private static let tokenHigh: UInt64 = 0x57FFFFFFC7FFFFFE

  /// Visible characters, spaces, tabs and `obs-text`.
  static func isFieldValue(_ byte: UInt8) -> Bool {
    (byte >= 0x20 && byte != 0x7F) || byte == 0x09
  }

  /// The offset, at `start` or behind it, of the first byte that is a control character and no tab;
  /// the length where there is none. Eight bytes are looked at together.
  static func firstControl(_ bytes: Span<UInt8>, from start: Int) -> Int {
    let raw = bytes.bytes
    var at = start
    while at + 8 <= bytes.count {
      // A load that is checked against the span's bounds; every pattern of bits is a number.
      let word = UInt64(
        littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
      // The highest bit of each byte below 0x20, and of each 0x7F. Because of borrows it is exact in
      // the lowest byte that has it, which is all that is asked.
      let below = (word &- ones &* 0x20) & ~word
      let deleted = word ^ (ones &* 0x7F)
      let found = (below | ((deleted &- ones) & ~deleted)) & (ones &* 0x80)
      guard found != 0 else {
        at += 8
        continue
      }
      at += found.trailingZeroBitCount >> 3
      guard bytes[at] == 0x09 else { return at }
      at += 1
    }
    while at < bytes.count, isFieldValue(bytes[at]) { at += 1 }
    return at
  }
  private static let ones: UInt64 = 0x0101_0101_0101_0101

  /// Characters that a request's target may hold; quotes and brackets are let through, as by
  /// other servers.
  static func isTarget(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#")
  }

  /// Characters of a host name or address with its port.
  static func isHost(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case 0x2D, 0x2E, 0x3A, 0x5B, 0x5D, 0x5F, 0x7E, 0x25, 0x21, 0x24, 0x26, 0x27, 0x28, 0x29, 0x2A,
      0x2B, 0x3D:
      true
    default: false
    }
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

  /// Where the bytes stand that have no space around them.
  static func content(_ bytes: Span<UInt8>) -> Range<Int> {
    var (start, end) = (0, bytes.count)
    while start < end, isSpace(bytes[start]) { start += 1 }
    while end > start, isSpace(bytes[end - 1]) { end -= 1 }
    return start..<end
  }

  static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let content = content(bytes.span)
    return bytes.dropFirst(content.lowerBound).prefix(content.count)
  }

  /// Compares with a name of ASCII characters.
  static func equalsIgnoringCase(_ bytes: ArraySlice<UInt8>, _ name: String) -> Bool {
    equalsIgnoringCase(bytes.span, name)
  }

  /// Compares with a name of ASCII characters.
  static func equalsIgnoringCase(_ bytes: Span<UInt8>, _ name: String) -> Bool {
    let name = name.utf8.span
    guard bytes.count == name.count else { return false }
    for index in name.indices where lowercased(bytes[index]) != lowercased(name[index]) {
      return false
    }
    return true
  }

  /// A hash of a name, whatever its case: its length, first and last character. So short because
  /// it is taken for every look-up; equal names are compared.
  static func hash(_ name: Span<UInt8>) -> UInt32 {
    guard !name.isEmpty else { return 0 }
    return UInt32(truncatingIfNeeded: name.count) << 16 | UInt32(name[0] | 0x20) << 8
      | UInt32(name[name.count - 1] | 0x20)
  }

  static func lowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }
}
