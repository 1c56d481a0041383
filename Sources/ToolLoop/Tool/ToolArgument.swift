internal import OpenAIWire

/// What is wrong with a call's arguments, in words by which the model can mend them.
struct InvalidArguments: Error { let message: String }

/// Reads the arguments that the tools have in common.
struct ToolArgument {
  static let qualities = ["ultra", "high", "standard", "fast"]
  static let promptLimit = 32_000

  private let object: JSONSlice
  private let limits: ToolLimits

  /// - Throws: `InvalidArguments`, as all of these do.
  init(_ bytes: [UInt8], _ limits: ToolLimits) throws(InvalidArguments) {
    guard let object = try? JSONSlice.parse(bytes), object.kind == .object else {
      throw InvalidArguments(message: "The arguments must be one JSON object.")
    }
    self.object = object
    self.limits = limits
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

  func size() throws(InvalidArguments) -> String? { try word("size", limits.sizes) }

  func quality() throws(InvalidArguments) -> String? {
    let word = try word("quality", Self.qualities + ["hd"])
    return word == "hd" ? "high" : word
  }

  func style() throws(InvalidArguments) -> String? { try word("style", limits.styles) }

  func count() throws(InvalidArguments) -> Int {
    guard let value = object["count"], !value.isNull else { return 1 }
    guard let count = value.int, limits.counts.contains(count) else {
      let most = limits.counts.upperBound
      throw InvalidArguments(
        message: most == 1 ? "'count' must be 1." : "'count' must be an integer from 1 to \(most).")
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
