/// How the value of a label is written.
enum LabelText {
  /// Bytes of a value, before it is escaped.
  static let longest = 128

  /// The value between its quotes: a backslash, a quote and a line feed are escaped, and of a value
  /// that is too long the end is replaced by a hash of all of it (FNV-1a), so that two of them stay
  /// two series: a page with one series twice is refused as a whole.
  static func escaped(_ value: String) -> String {
    // Nearly all are short and plain, and a page has hundreds of them.
    if value.utf8.count <= longest, !value.utf8.contains(where: isSpecial) { return value }
    var result = ""
    for scalar in bounded(value).unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func isSpecial(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
  }

  private static func bounded(_ value: String) -> String {
    guard value.utf8.count > longest else { return value }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in value.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let end = "~" + String(hash, radix: 16)
    var start = String.UnicodeScalarView()
    var room = longest - end.utf8.count
    for scalar in value.unicodeScalars {
      room -= UTF8.width(scalar)
      if room < 0 { break }
      start.append(scalar)
    }
    return String(start) + end
  }
}
