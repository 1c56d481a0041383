internal import HTTP
internal import OpenAIWire

/// Tells by the words of a refused request that the provider does not have the model, or no longer,
/// which it may say with the status of a bad request: OpenAI's `The model 'gpt-image-2' does not
/// exist.` (github.com/openai/codex/issues/25966), xAI's `Model not found: grok-2-image`, OpenRouter's
/// `acme/paint is not a valid model ID`. Another provider can still draw.
///
/// A user's own fault must not be taken for it, since all others would be asked in vain: the sentence
/// has to name the model, and to say beside the name what is the matter with it.
enum MissingModel {
  /// In lower case, and with the model's name, quotes around it and what they leave of blanks gone.
  private static let phrases = [
    "model does not exist", "model doesn't exist", "model not exist", "model not found",
    "model is not found", "model was not found", "model could not be found",
    "model is not available", "model not available", "model is not supported",
    "model is no longer", "model was removed", "model has been", "model is deprecated",
    "model is retired", "model is unknown", "have access to model", "have access to the model",
    "not a valid model", "unknown model", "no such model", "invalid model:", "invalid model name",
    "invalid model id", "unsupported model:", "model_not_found",
  ]

  /// Whether an answer's sentence says so of one of some models.
  /// - Parameter names: their names at the provider.
  static func isNamed(in reason: String, of answer: ClientAnswer, names: [String]) -> Bool {
    // A field that is complained about by its name is the user's, but for the model's own.
    let error = (try? JSONSlice.parse(answer.body))?["error"]
    if let param = error?["param"]?.string, param != "model" { return false }
    let text = reason.lowercased()
    return names.contains { name in
      let name = name.lowercased()
      let short = name.split(separator: "/").last.map(String.init) ?? name
      // A name of a letter or two stands in any sentence.
      return [name, short].contains { $0.count > 2 && isTold(in: text, of: $0) }
    }
  }

  private static func isTold(in text: String, of name: String) -> Bool {
    guard let range = text.firstRange(of: name) else { return false }
    let rest = "\(text[..<range.lowerBound]) \(text[range.upperBound...])"
    let words = rest.filter { !"'\"`".contains($0) }.split(whereSeparator: \.isWhitespace)
    let plain = words.joined(separator: " ")
    return phrases.contains { plain.contains($0) }
  }
}
