internal import HTTP
internal import OpenAIWire

/// Reads what an error's body says, in the shapes that providers use for it.
enum ProviderReason {
  /// The sentence of an error: `error.message`, `error`, `message`, `detail` or `errors`, as text or
  /// as a list of texts or of objects with `msg`; nil where there is none.
  static func read(_ answer: ClientAnswer) -> String? { read(try? JSONSlice.parse(answer.body)) }

  static func read(_ object: JSONSlice?) -> String? {
    for name in ["error", "message", "msg", "detail", "errors"] {
      if let value = object?[name], let text = text(value) { return text }
    }
    return nil
  }

  private static func text(_ value: JSONSlice) -> String? {
    switch value.kind {
    case .string: return value.string
    case .object: return value["message"]?.string ?? value["msg"]?.string
    case .array:
      let texts = value.elements.prefix(8).compactMap { $0.string ?? $0["msg"]?.string }
      return texts.isEmpty ? nil : texts.joined(separator: "; ")
    default: return nil
    }
  }

  private static let policyWords = [
    "nsfw", "content policy", "content_policy", "moderation", "moderated", "safety system",
    "safety filter", "safety checker", "safety policy", "inappropriate", "usage policies",
    "content_filter", "prohibited content", "prohibited_content",
  ]

  /// Whether a text tells that the content was against a policy: for providers that have no code
  /// for it.
  static func tellsOfPolicy(_ text: String?) -> Bool {
    guard let text = text?.lowercased() else { return false }
    return policyWords.contains { text.contains($0) }
  }
}
