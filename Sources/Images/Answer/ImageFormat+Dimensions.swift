extension ImageFormat {
  /// Width and height in pixels as the header tells them, be they larger than any picture that is
  /// taken; nil where it tells none.
  func dimensions(of bytes: [UInt8]) -> (width: Int, height: Int)? {
    switch self {
    // ISO/IEC 15948, section 11.2.2.
    case .png where bytes.count >= 24: (bytes.bigEndian(16, 4), bytes.bigEndian(20, 4))
    case .gif where bytes.count >= 10: (bytes.littleEndian(6, 2), bytes.littleEndian(8, 2))
    case .jpeg: Self.jpegDimensions(bytes)
    case .webp: Self.webPDimensions(bytes)
    case .avif: ISOBoxes(bytes).largestExtent
    default: nil
    }
  }

  /// Segments of a JPEG that are looked through for its frame; those with a profile or a preview
  /// hold 64 KiB each.
  private static let mostSegments = 1000

  /// Of the frame header, which stands before the first scan (ITU-T T.81, section B.2).
  private static func jpegDimensions(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
    var at = 2
    for _ in 0..<mostSegments {
      // Any number of fill bytes may stand before a marker.
      while at + 1 < bytes.count, bytes[at] == 0xFF, bytes[at + 1] == 0xFF { at += 1 }
      guard at + 9 <= bytes.count, bytes[at] == 0xFF else { return nil }
      switch bytes[at + 1] {
      case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        return (bytes.bigEndian(at + 7, 2), bytes.bigEndian(at + 5, 2))
      // The first scan, or the end.
      case 0xD9, 0xDA: return nil
      case 0x01, 0xD0...0xD7: at += 2
      default: at += 2 + bytes.bigEndian(at + 2, 2)
      }
    }
    return nil
  }

  /// Of the first chunk (developers.google.com/speed/webp/docs/riff_container; RFC 6386, section
  /// 9.1).
  private static func webPDimensions(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
    guard bytes.count >= 30 else { return nil }
    switch String(decoding: bytes[12..<16], as: UTF8.self) {
    case "VP8X": return (bytes.littleEndian(24, 3) + 1, bytes.littleEndian(27, 3) + 1)
    case "VP8L" where bytes[20] == 0x2F:
      let bits = bytes.littleEndian(21, 4)
      return (bits & 0x3FFF + 1, bits >> 14 & 0x3FFF + 1)
    case "VP8 " where bytes[23..<26].elementsEqual([0x9D, 0x01, 0x2A]):
      return (bytes.littleEndian(26, 2) & 0x3FFF, bytes.littleEndian(28, 2) & 0x3FFF)
    default: return nil
    }
  }
}

extension [UInt8] {
  func bigEndian(_ at: Int, _ count: Int) -> Int {
    (0..<count).reduce(0) { $0 << 8 | Int(self[at + $1]) }
  }

  fileprivate func littleEndian(_ at: Int, _ count: Int) -> Int {
    (0..<count).reduce(0) { $0 | Int(self[at + $1]) << (8 * $1) }
  }
}
