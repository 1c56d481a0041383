internal import OpenAIWire

/// How a picture was drawn, in the words of OpenAI's images API; nil for what its provider does not
/// tell (platform.openai.com/docs/api-reference/images/object).
package struct PictureLook: Sendable, Hashable {
  /// `low`, `medium`, `high`, `xhigh`, `max` or `auto`.
  package let quality: String?
  /// `transparent`, `opaque` or `auto`.
  package let background: String?

  /// Reads an answer or an event; a word that no client would know is left out.
  init(_ object: JSONSlice) {
    func word(_ key: String, _ known: [String]) -> String? {
      object[key]?.string.flatMap { known.contains($0) ? $0 : nil }
    }
    quality = word("quality", ["low", "medium", "high", "xhigh", "max", "auto"])
    background = word("background", ["transparent", "opaque", "auto"])
  }

  /// Writes what is known, as members of an object that is open.
  func write(to writer: inout JSONWriter) {
    writer.member("quality", quality)
    writer.member("background", background)
  }
}
