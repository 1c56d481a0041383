/// Base64 with padding (RFC 4648, section 4).
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: [UInt8]) -> [UInt8] {
    let alphabet = alphabet
    return [UInt8](capacity: (bytes.count + 2) / 3 * 4) { output in
      for start in stride(from: 0, to: bytes.count, by: 3) {
        let count = min(3, bytes.count - start)
        let group =
          UInt32(bytes[start]) << 16
          | (count > 1 ? UInt32(bytes[start + 1]) << 8 : 0)
          | (count > 2 ? UInt32(bytes[start + 2]) : 0)
        for place in 0..<4 {
          let digit = alphabet[Int(group >> UInt32(18 - 6 * place)) & 63]
          output.append(place <= count ? digit : UInt8(ascii: "="))
        }
      }
    }
  }

  /// The bytes that `text` stands for; nil where it is not Base64.
  static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var group: UInt32 = 0
    for (place, digit) in text.dropLast(padding).enumerated() {
      guard let value = value(digit) else { return nil }
      group = group << 6 | UInt32(value)
      if place % 4 == 3 {
        bytes += [16, 8, 0].map { UInt8(truncatingIfNeeded: group >> $0) }
        group = 0
      }
    }
    switch padding {
    case 1: bytes += [10, 2].map { UInt8(truncatingIfNeeded: group >> $0) }
    case 2: bytes.append(UInt8(truncatingIfNeeded: group >> 4))
    default: break
    }
    return bytes
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
