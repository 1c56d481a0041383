/// A text from outside as it is shown in a message: in single quotes, on one line, and cut where
/// it is long.
package struct Quoted: CustomStringConvertible {
  private let text: String
  private let limit: Int

  /// Wraps a text from outside, to be cut after 60 characters.
  package init(_ text: some StringProtocol) {
    self.text = String(text)
    self.limit = 60
  }

  /// Wraps a file's path: cut after 4,096 characters, which no path that Linux opens has
  /// (`PATH_MAX`), since a cut one would lack the file's name.
  package init(path: String) {
    self.text = path
    self.limit = 4096
  }

  /// In single quotes.
  package var description: String { "'\(plain)'" }

  /// The same without the quotes.
  package var plain: String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(limit) {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      shown.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
    }
    return text.unicodeScalars.count > limit ? shown + "…" : shown
  }
}
