internal import OpenAIWire

/// What is wrong with a call's arguments, in words by which the model can mend them.
struct InvalidArguments: Error { let message: String }

/// Reads the arguments that the tools have in common.
struct ToolArgument {
  static let sizes = ["1024x1024", "1792x1024", "1024x1792"]
  static let styles = ["vivid", "natural"]
  static let qualities = ["ultra", "high", "standard", "fast"]
  static let counts = 1...4
  static let promptLimit = 32_000

  private let object: JSONSlice

  /// - Throws: `InvalidArguments`, as all of these do.
  init(_ bytes: [UInt8]) throws(InvalidArguments) {
    guard let object = try? JSONSlice.parse(bytes), object.kind == .object else {
      throw InvalidArguments(message: "The arguments must be one JSON object.")
    }
    self.object = object
  }

  func prompt() throws(InvalidArguments) -> String {
    guard let prompt = object["prompt"]?.string, prompt.contains(where: { !$0.isWhitespace }),
      prompt.count <= Self.promptLimit
    else {
      throw InvalidArguments(
        message: "'prompt' must be a text of 1 to \(Self.promptLimit) characters.")
    }
    return prompt
  }

  /// A text; nil where it is absent, null or empty.
  func text(_ key: String, limit: Int = ToolArgument.promptLimit) throws(InvalidArguments)
    -> String?
  {
    guard let value = object[key], !value.isNull else { return nil }
    guard let text = value.string, text.count <= limit else {
      throw InvalidArguments(message: "'\(key)' must be a text of at most \(limit) characters.")
    }
    return text.isEmpty ? nil : text
  }

  func size() throws(InvalidArguments) -> String? { try word("size", Self.sizes) }

  func quality() throws(InvalidArguments) -> String? {
    let word = try word("quality", Self.qualities + ["hd"])
    return word == "hd" ? "high" : word
  }

  func style() throws(InvalidArguments) -> String? { try word("style", Self.styles) }

  func count() throws(InvalidArguments) -> Int {
    guard let value = object["count"], !value.isNull else { return 1 }
    guard let count = value.int, Self.counts.contains(count) else {
      throw InvalidArguments(message: "'count' must be an integer from 1 to 4.")
    }
    return count
  }

  private func word(_ key: String, _ allowed: [String]) throws(InvalidArguments) -> String? {
    guard let value = object[key], !value.isNull, !value.isString("") else { return nil }
    guard let word = value.string, allowed.contains(word) else {
      throw InvalidArguments(
        message: "'\(key)' must be one of: \(allowed.joined(separator: ", ")).")
    }
    return word
  }
}
