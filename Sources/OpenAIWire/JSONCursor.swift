/// The bytes under a scan: tokens are read here, the grammar between them by `JSONScanner`.
///
/// The pointer is unsafe for speed: it is read once per byte, and every read stands behind a
/// comparison with `end`. It lives only inside one `withUnsafeBufferPointer` call.
struct JSONCursor {
  private let base: UnsafePointer<UInt8>
  let end: Int

  /// A cursor over `start..<end` of a buffer; nil for an empty buffer, which has no address.
  init?(_ buffer: UnsafeBufferPointer<UInt8>, end: Int) {
    guard let base = buffer.baseAddress, end <= buffer.count else { return nil }
    self.base = base
    self.end = end
  }

  /// The byte at an offset that the caller has compared with `end`.
  @inline(__always)
  subscript(at: Int) -> UInt8 {
    assert(at >= 0 && at < end)
    return base[at]
  }

  /// Eight bytes, the first one lowest; the caller has compared `at + 8` with `end`.
  @inline(__always)
  func word(_ at: Int) -> UInt64 {
    assert(at >= 0 && at + 8 <= end)
    // Unsafe: an unaligned load, which SWAR needs; in bounds by the caller's comparison.
    return UInt64(
      littleEndian: UnsafeRawPointer(base + at).loadUnaligned(as: UInt64.self))
  }

  /// The first offset from `at` that holds no whitespace, or `end`.
  @inline(__always)
  func skipWhitespace(_ at: Int) -> Int {
    var at = at
    while at < end {
      let byte = self[at]
      if byte > 0x20 { return at }
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return at }
      at += 1
    }
    return at
  }
}

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
