/// A picture that a client sends, to be changed.
package struct InputImage: Sendable, Hashable {
  package let bytes: [UInt8]
  package let format: ImageFormat

  /// Nil where the bytes are no picture that the gateway knows.
  package init?(_ bytes: [UInt8]) {
    guard let format = ImageFormat(sniffing: bytes) else { return nil }
    self.bytes = bytes
    self.format = format
  }

  /// Width and height in pixels, where the header tells them.
  package var size: ImageSize? { format.size(of: bytes) }
}
