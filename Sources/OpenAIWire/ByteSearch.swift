/// Searches in bytes, many at a time: for a constant, and for the end of a line.
package enum ByteSearch {
  /// The offset of the first `needle` in the first `count` bytes at `base`: where its first and
  /// its last byte are both in place, the whole is compared.
  ///
  /// Unsafe for speed: callers take pointer and count from one buffer, the needle's bytes are
  /// static, and no load goes past `count - needle + 1` candidates plus the needle's length.
  fileprivate static func offset(
    of needle: StaticString, in buffer: UnsafeRawBufferPointer
  ) -> Int? {
    let length = needle.utf8CodeUnitCount
    guard length > 0 else { return 0 }
    let candidates = buffer.count - length + 1
    guard candidates >= lanes else {
      return (0..<max(0, candidates)).first { matches(needle, buffer, $0) }
    }
    let first = SIMD16(repeating: needle.utf8Start[0])
    let last = SIMD16(repeating: needle.utf8Start[length - 1])
    var at = 0
    while true {
      let found =
        (block(buffer, at) .== first) .& (block(buffer, at + length - 1) .== last)
      if isAnySet(found),
        let match = (at..<at + lanes).first(where: { matches(needle, buffer, $0) })
      {
        return match
      }
      guard at + lanes < candidates else { return nil }
      // The last block ends with the last candidate, though some of it was looked at before.
      at = min(at + lanes, candidates - lanes)
    }
  }

  /// Candidates that are looked at together.
  private static let lanes = 16

  @inline(__always)
  private static func block(_ buffer: UnsafeRawBufferPointer, _ at: Int) -> SIMD16<UInt8> {
    buffer.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self)
  }

  /// Whether any lane of a comparison holds: as two words, which costs less than to fold lanes.
  @inline(__always)
  private static func isAnySet(_ mask: SIMDMask<SIMD16<Int8>>) -> Bool {
    // Unsafe: both have sixteen bytes, and every pattern of bits is a number.
    let words = unsafeBitCast(mask, to: SIMD2<UInt64>.self)
    return words[0] | words[1] != 0
  }

  @inline(__always)
  private static func matches(
    _ needle: StaticString, _ buffer: UnsafeRawBufferPointer, _ at: Int
  ) -> Bool {
    for offset in 0..<needle.utf8CodeUnitCount where buffer[at + offset] != needle.utf8Start[offset]
    {
      return false
    }
    return true
  }

  @inline(__always)
  private static func load(_ buffer: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
    UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: at, as: UInt64.self))
  }

  /// The index of the first CR or LF in `start..<end` of `bytes`, or `end`.
  static func lineEnd(in bytes: [UInt8], from start: Int, to end: Int) -> Int {
    let end = min(end, bytes.count)
    guard start >= 0, start < end else { return end }
    // Unsafe: every load lies in `start..<end`, which has just been compared with the array.
    return bytes.withUnsafeBytes { buffer in
      var at = start
      while at + 8 <= end {
        let word = load(buffer, at)
        let found = SWAR.equal(word, 0x0A) | SWAR.equal(word, 0x0D)
        if found != 0 { return at + found.trailingZeroBitCount >> 3 }
        at += 8
      }
      while at < end, buffer[at] != 0x0A, buffer[at] != 0x0D { at += 1 }
      return at
    }
  }
}

extension Span<UInt8> {
  /// The index of the first occurrence of `needle`; 0 for an empty needle, nil where it is absent.
  package func firstIndex(of needle: StaticString) -> Int? {
    // Unsafe: the pointer is used inside the closure only.
    withUnsafeBytes { ByteSearch.offset(of: needle, in: $0) }
  }

  /// Whether `needle` occurs.
  package func contains(_ needle: StaticString) -> Bool { firstIndex(of: needle) != nil }
}

extension [UInt8] {
  /// The index of the first occurrence of `needle`; nil where it is absent.
  package func firstIndex(of needle: StaticString) -> Int? { span.firstIndex(of: needle) }

  /// Whether `needle` occurs.
  package func contains(_ needle: StaticString) -> Bool { firstIndex(of: needle) != nil }
}

extension ArraySlice<UInt8> {
  /// The index, in the slice's own indices, of the first occurrence of `needle`.
  package func firstIndex(of needle: StaticString) -> Int? {
    span.firstIndex(of: needle).map { startIndex + $0 }
  }

  /// Whether `needle` occurs.
  package func contains(_ needle: StaticString) -> Bool { firstIndex(of: needle) != nil }
}
