/// Ids that grant something to whoever knows them.
enum UnguessableID {
  /// `prefix` and 128 bits of the system's generator as 32 hexadecimal digits.
  static func make(_ prefix: String) -> String {
    var generator = SystemRandomNumberGenerator()
    let digits = (0..<2).map { _ in
      let number = String(generator.next(), radix: 16)
      return String(repeating: "0", count: 16 - number.count) + number
    }
    return prefix + digits.joined()
  }

  /// A UUID of version 4 (RFC 9562), for those who take no other id.
  static func uuid() -> String {
    var digits = Array(make(""))
    digits[12] = "4"
    digits[16] = "89ab".randomElement() ?? "8"
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
      .joined(separator: "-")
  }
}
