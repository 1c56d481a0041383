internal import OpenAIWire

/// The last line of a picture's metadata file, by which a file that was cut short, swapped or
/// damaged is told from the picture that was stored.
struct PictureSeal: Hashable {
  let format: ImageFormat
  let bytes: Int
  /// Of the picture, in hexadecimal digits.
  let sha256: String

  /// Reads the whole picture: not on a loop.
  init(_ image: GeneratedImage) {
    format = image.format
    bytes = image.bytes.count
    sha256 = Digest.hex(Digest.sha256(image.bytes))
  }

  private init?(line: ArraySlice<UInt8>) {
    guard let object = try? JSONSlice.parse(Array(line)),
      let format = object["format"]?.string.flatMap(ImageFormat.init(rawValue:)),
      let bytes = object["bytes"]?.int, bytes >= 0,
      let sha256 = object["sha256"]?.string
    else { return nil }
    self.format = format
    self.bytes = bytes
    self.sha256 = sha256
  }

  /// Whether these are the bytes that were sealed. Not on a loop.
  func matches(_ picture: [UInt8]) -> Bool {
    picture.count == bytes && Digest.hex(Digest.sha256(picture)) == sha256
  }

  /// The content of the metadata file.
  func sealing(_ metadata: [UInt8]) -> [UInt8] {
    metadata + [UInt8(ascii: "\n")]
      + JSONWriter.object { writer in
        writer.member("format", format.rawValue)
        writer.member("bytes", bytes)
        writer.member("sha256", sha256)
      }
  }

  /// Takes the content of a metadata file apart; nil where it is not whole.
  static func open(_ content: [UInt8]) -> (metadata: [UInt8], seal: PictureSeal)? {
    guard let end = content.lastIndex(of: UInt8(ascii: "\n")),
      let seal = PictureSeal(line: content[(end + 1)...])
    else { return nil }
    return (Array(content[..<end]), seal)
  }
}
