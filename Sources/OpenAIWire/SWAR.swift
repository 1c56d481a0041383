/// Words of eight bytes, looked at together. In each result the lowest set bit marks the first
/// byte that matched; higher bits may be wrong, because of borrows.
enum SWAR {
  static let ones: UInt64 = 0x0101_0101_0101_0101
  static let high: UInt64 = 0x8080_8080_8080_8080

  @inline(__always)
  static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
    let difference = word ^ (ones &* UInt64(byte))
    return (difference &- ones) & ~difference & high
  }

  @inline(__always)
  static func less(_ word: UInt64, than byte: UInt8) -> UInt64 {
    (word &- ones &* UInt64(byte)) & ~word & high
  }
}
