/// Percent-encoding by the rules of Signature Version 4, which differ from RFC 3986's in what they
/// leave alone (docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, UriEncode).
enum URIEncoding {
  /// For names and values of a query: everything but letters, digits, `-`, `.`, `_`, `~`.
  static func encode(_ text: String) -> String { encode(text, keepsSlash: false) }

  /// For the path of an object: slashes stay as well.
  static func encode(path: String) -> String { encode(path, keepsSlash: true) }

  private static func encode(_ text: String, keepsSlash: Bool) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      if isUnreserved(byte) || keepsSlash && byte == UInt8(ascii: "/") {
        result.append(byte)
      } else {
        result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
    default: false
    }
  }
}
