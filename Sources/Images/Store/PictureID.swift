/// The ids of stored pictures, as they stand in texts.
package enum PictureID {
  /// The id that a text begins with, such as that of `img_….png`; nil where it begins with none, or
  /// with a longer word.
  package static func prefix(of text: ArraySlice<UInt8>) -> String? {
    let word = text.prefix { ASCIIWord.contains($0) }
    guard word.count == PictureName.idLength else { return nil }
    let id = String(decoding: word, as: UTF8.self)
    return PictureName.isValid(id: id) ? id : nil
  }
}

/// The letters, digits and underscores that a word is made of.
private enum ASCIIWord {
  static func contains(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
    default: false
    }
  }
}
