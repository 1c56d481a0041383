/// Base64 (RFC 4648, section 4), straight between bytes.
package enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
    return values
  }()

  /// The text's bytes; nil where it is not base64. A `data:` prefix, line breaks (also as JSON
  /// escapes), escaped slashes and missing padding are overlooked, since providers send them.
  package static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var text = text
    if text.starts(with: "data:".utf8) {
      guard let comma = text.prefix(128).firstIndex(of: UInt8(ascii: ",")) else { return nil }
      text = text[(comma + 1)...]
    }
    var result: [UInt8] = []
    result.reserveCapacity(text.count / 4 * 3 + 3)
    var bits: UInt32 = 0
    var count = 0
    var padding = 0
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      index += 1
      let value = values[Int(byte)]
      if value != 0xFF {
        guard padding == 0 else { return nil }
        bits = bits << 6 | UInt32(value)
        count += 1
        if count == 4 {
          result.append(UInt8(truncatingIfNeeded: bits >> 16))
          result.append(UInt8(truncatingIfNeeded: bits >> 8))
          result.append(UInt8(truncatingIfNeeded: bits))
          count = 0
        }
      } else if byte == UInt8(ascii: "=") {
        padding += 1
      } else if byte == UInt8(ascii: "\\"), index < text.endIndex {
        guard "/nr".utf8.contains(text[index]) else { return nil }
        // An escaped slash is a digit, an escaped line break is nothing.
        if text[index] != UInt8(ascii: "/") { index += 1 }
      } else if byte != 0x0A && byte != 0x0D {
        return nil
      }
    }
    guard padding <= 2 else { return nil }
    switch count {
    case 0: break
    case 2: result.append(UInt8(truncatingIfNeeded: bits >> 4))
    case 3:
      result.append(UInt8(truncatingIfNeeded: bits >> 10))
      result.append(UInt8(truncatingIfNeeded: bits >> 2))
    default: return nil
    }
    return result
  }

  /// Appends the text for bytes.
  package static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
    output.reserveCapacity(output.count + (bytes.count + 2) / 3 * 4)
    var index = 0
    while index + 2 < bytes.count {
      let bits =
        UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
      output.append(alphabet[Int(bits >> 18)])
      output.append(alphabet[Int(bits >> 12 & 63)])
      output.append(alphabet[Int(bits >> 6 & 63)])
      output.append(alphabet[Int(bits & 63)])
      index += 3
    }
    let rest = bytes.count - index
    guard rest > 0 else { return }
    let bits = UInt32(bytes[index]) << 16 | (rest == 2 ? UInt32(bytes[index + 1]) << 8 : 0)
    output.append(alphabet[Int(bits >> 18)])
    output.append(alphabet[Int(bits >> 12 & 63)])
    output.append(rest == 2 ? alphabet[Int(bits >> 6 & 63)] : UInt8(ascii: "="))
    output.append(UInt8(ascii: "="))
  }
}
