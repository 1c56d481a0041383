/// Writing of string literals (RFC 8259, section 7): quote, backslash and control characters are
/// escaped, everything else stands as it is.
enum JSONEscaping {
  /// Appends `text` as a literal, quotes included.
  static func append(_ text: String, to bytes: inout [UInt8]) {
    let utf8 = text.utf8.span
    // For one literal alone: a text that grows must do so by its own measure.
    if bytes.isEmpty { bytes.reserveCapacity(utf8.count + 2) }
    bytes.append(UInt8(ascii: "\""))
    if needsEscape(utf8) {
      bytes.reserveCapacity(bytes.count + utf8.count + utf8.count / 8 + 8)
      for index in utf8.indices { append(utf8[index], to: &bytes) }
    } else {
      bytes.append(contentsOf: text.utf8)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func needsEscape(_ utf8: Span<UInt8>) -> Bool {
    for index in utf8.indices {
      let byte = utf8[index]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return true }
    }
    return false
  }

  @inline(__always)
  private static func append(_ byte: UInt8, to bytes: inout [UInt8]) {
    if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
      bytes.append(byte)
      return
    }
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    default:
      bytes.append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")])
      bytes.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
      let low = byte & 0x0F
      bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
    }
  }
}
