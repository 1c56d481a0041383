extension Secret {
  /// A text holds characters that no key has, such as spaces or line breaks within, or is longer
  /// than 8 KiB.
  package struct MalformedKey: Error, Sendable, Hashable {
    /// Completes the sentence "VARIABLE …".
    package let message = "holds characters that no key has, such as spaces or line breaks"
  }

  /// The key in an environment variable, without the white space that files and shells leave
  /// around it.
  /// - Returns: nil where nothing is left.
  /// - Throws: `MalformedKey` for what cannot stand in a header; the text is not repeated.
  package static func key(in text: String) throws(MalformedKey) -> Secret? {
    var key = text.drop(while: \.isWhitespace)
    while let last = key.last, last.isWhitespace { key = key.dropLast() }
    guard !key.isEmpty else { return nil }
    guard key.utf8.count <= 8192, key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw MalformedKey()
    }
    return Secret(String(key))
  }
}
