/// The formats of pictures that pass the gateway, told by their first bytes.
package enum ImageFormat: String, Sendable, Hashable, CaseIterable {
  case png, jpeg, webp, gif, avif

  /// Recognises a picture; nil for anything else.
  package init?(sniffing bytes: [UInt8]) {
    func starts(_ prefix: [UInt8], at offset: Int = 0) -> Bool {
      bytes.count >= offset + prefix.count
        && bytes[offset..<offset + prefix.count].elementsEqual(prefix)
    }
    if starts([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if starts([0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if starts(Array("RIFF".utf8)) && starts(Array("WEBP".utf8), at: 8) {
      self = .webp
    } else if starts(Array("GIF87a".utf8)) || starts(Array("GIF89a".utf8)) {
      self = .gif
    } else if starts(Array("ftypavif".utf8), at: 4) || starts(Array("ftypavis".utf8), at: 4) {
      self = .avif
    } else {
      return nil
    }
  }

  /// Recognises a picture that is not cut short, as far as its container tells; nil for anything
  /// else.
  package init?(whole bytes: [UInt8]) {
    self.init(sniffing: bytes)
    if !isWhole(bytes) { return nil }
  }

  /// Of PNG and WebP, whose lengths stand within; the others are taken at their word.
  private func isWhole(_ bytes: [UInt8]) -> Bool {
    func number(_ at: Int, bigEndian: Bool) -> Int {
      (0..<4).reduce(0) { $0 << 8 | Int(bytes[at + (bigEndian ? $1 : 3 - $1)]) }
    }
    switch self {
    case .webp: return number(4, bigEndian: false) + 8 <= bytes.count
    case .png:
      // Chunks of length, type, data and checksum (ISO/IEC 15948, section 5.3), to `IEND`.
      var at = 8
      while at + 12 <= bytes.count {
        if bytes[at + 4..<at + 8].elementsEqual("IEND".utf8) { return true }
        at += number(at, bigEndian: true) + 12
      }
      return false
    case .jpeg, .gif, .avif: return true
    }
  }

  /// The media type.
  package var contentType: String { "image/\(rawValue)" }

  /// Width and height, where the header tells them and they are a size that is taken.
  package func size(of bytes: [UInt8]) -> ImageSize? {
    dimensions(of: bytes).flatMap { ImageSize(width: $0.width, height: $0.height) }
  }
}
