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
