internal import OpenAIWire

/// The arguments of one `generate_image` call, checked.
package struct ImageArguments: Sendable, Hashable {
  package var prompt: String
  package var size: String?
  package var style: String?
  package var quality: String?
  /// 1 to 4.
  package var count = 1
  package var negativePrompt: String?

  /// What is wrong with arguments, in words by which the model can mend them.
  struct Invalid: Error { let message: String }

  static let sizes = ["1024x1024", "1792x1024", "1024x1792"]
  static let styles = ["vivid", "natural"]
  static let qualities = ["ultra", "high", "standard", "fast"]
  static let countRange = 1...4
  static let promptLimit = 32_000

  /// - Throws: `Invalid`.
  init(_ bytes: [UInt8]) throws(Invalid) {
    guard let object = try? JSONSlice.parse(bytes), object.kind == .object else {
      throw Invalid(message: "The arguments must be one JSON object.")
    }
    guard let prompt = object["prompt"]?.string, prompt.contains(where: { !$0.isWhitespace }),
      prompt.count <= Self.promptLimit
    else {
      throw Invalid(
        message: "'prompt' must be a text of 1 to \(Self.promptLimit) characters.")
    }
    self.prompt = prompt
    size = try Self.word(object, "size", Self.sizes)
    style = try Self.word(object, "style", Self.styles)
    quality = try Self.word(object, "quality", Self.qualities + ["hd"])
    if quality == "hd" { quality = "high" }
    if let value = object["count"], !value.isNull {
      guard let count = value.int, Self.countRange.contains(count) else {
        throw Invalid(message: "'count' must be an integer from 1 to 4.")
      }
      self.count = count
    }
    if let value = object["negative_prompt"], !value.isNull {
      guard let text = value.string, text.count <= Self.promptLimit else {
        throw Invalid(message: "'negative_prompt' must be a text.")
      }
      negativePrompt = text.isEmpty ? nil : text
    }
  }

  private static func word(
    _ object: JSONSlice, _ key: String, _ allowed: [String]
  ) throws(Invalid) -> String? {
    guard let value = object[key], !value.isNull, !value.isString("") else { return nil }
    guard let word = value.string, allowed.contains(word) else {
      throw Invalid(message: "'\(key)' must be one of: \(allowed.joined(separator: ", ")).")
    }
    return word
  }
}
