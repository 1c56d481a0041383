internal import OpenAIWire

/// What a model's tokens cost, in US dollars for a million of them.
package struct TokenPrices: Sendable, Hashable {
  /// Words of the prompt.
  package var text: Double
  /// Pictures that are to be changed.
  package var imageInput: Double
  /// The pictures drawn.
  package var imageOutput: Double
  /// Words and thoughts beside the pictures; nil where the provider charges nothing for them.
  package var textOutput: Double?

  package init(
    text: Double, imageInput: Double, imageOutput: Double, textOutput: Double? = nil
  ) {
    self.text = text
    self.imageInput = imageInput
    self.imageOutput = imageOutput
    self.textOutput = textOutput
  }

  /// What was billed by a provider's `usage`, in OpenAI's shape
  /// (platform.openai.com/docs/api-reference/images/object); nil where it does not say what came out,
  /// or says that nothing did, as servers do that count nothing.
  /// Tokens that are not told apart are words on the way in, and pictures on the way out.
  func cost(ofUsage usage: [UInt8]) -> Double? {
    guard let usage = try? JSONSlice.parse(usage) else { return nil }
    func count(_ value: JSONSlice?) -> Double? {
      value?.int.flatMap { $0 >= 0 ? Double($0) : nil }
    }
    let (given, drawn) = (usage["input_tokens_details"], usage["output_tokens_details"])
    let output = count(usage["output_tokens"])
    let words = count(drawn?["text_tokens"])
    guard
      let pictures = count(drawn?["image_tokens"]) ?? output.map({ max(0, $0 - (words ?? 0)) }),
      pictures > 0
    else { return nil }
    let beside = words ?? max(0, (output ?? 0) - pictures)
    let changed = count(given?["image_tokens"]) ?? 0
    let prompt =
      count(given?["text_tokens"]) ?? max(0, (count(usage["input_tokens"]) ?? 0) - changed)
    let million =
      prompt * text + changed * imageInput + pictures * imageOutput + beside * (textOutput ?? 0)
    return million / 1_000_000
  }
}
