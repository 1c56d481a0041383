/// Tells by the words of a refused request that the provider does not have the model, or no longer,
/// which it may say with the status of a bad request: OpenAI's `The model 'gpt-image-2' does not
/// exist.` (github.com/openai/codex/issues/25966), xAI's `Model not found: grok-2-image`, OpenRouter's
/// `acme/paint is not a valid model ID`. Another provider can still draw.
enum MissingModel {
  /// What is said after the word `model` and its name, in lower case.
  private static let after = [
    "does not exist", "doesn't exist", "do not have access", "don't have access", "not found",
    "not available", "no longer", "deprecated", "decommissioned", "retired", "was removed",
    "has been removed", "been shut down", "is unknown", "not recognized",
  ]
  /// What says it in whole.
  private static let phrases = [
    "not a valid model", "unknown model", "no such model", "invalid model", "unrecognized model",
    "model_not_found", "model not exist",
  ]
  /// How many characters a model's name has at most, and what stands around it.
  private static let distance = 120

  /// Whether a failure's text says so.
  static func isNamed(in text: String) -> Bool {
    let text = text.lowercased()
    if phrases.contains(where: text.contains) { return true }
    guard let word = text.firstRange(of: "model") else { return false }
    let rest = text[word.upperBound...].prefix(distance)
    return after.contains { rest.contains($0) }
  }
}
