/// A text from outside as it is shown in a message: in single quotes, on one line, and cut after
/// 60 characters.
package struct Quoted: CustomStringConvertible {
  private let text: String

  /// Wraps a text from outside.
  package init(_ text: some StringProtocol) {
    self.text = String(text)
  }

  /// In single quotes.
  package var description: String { "'\(plain)'" }

  /// The same without the quotes.
  package var plain: String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(60) {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      shown.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
    }
    return text.unicodeScalars.count > 60 ? shown + "…" : shown
  }
}
