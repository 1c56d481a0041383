/// What OpenAI's images API allows each family of models.
struct ImagesRules {
  enum Family {
    case gptImage, dallE3, dallE2
    /// Other servers' models.
    case other
  }

  let family: Family
  /// Whether it makes any size within bounds, as `gpt-image-2` and those after it do.
  private let makesAnySize: Bool

  init(_ model: String) {
    makesAnySize = model.contains("gpt-image-2")
    family =
      model.contains("gpt-image")
      ? .gptImage
      : model.contains("dall-e-3") ? .dallE3 : model.contains("dall-e-2") ? .dallE2 : .other
  }

  func parameters(_ operation: SimulatedImagesRequest.Operation) -> [String] {
    let common = ["model", "prompt", "n", "size", "user"]
    let gpt =
      common + [
        "quality", "background", "output_format", "output_compression", "stream", "partial_images",
      ]
    switch (operation, family) {
    case (.generation, .gptImage): return gpt + ["moderation"]
    case (.generation, .dallE3): return common + ["quality", "style", "response_format"]
    case (.generation, .dallE2): return common + ["response_format"]
    case (.generation, .other):
      return common + [
        "quality", "style", "response_format", "negative_prompt", "seed", "steps", "step",
        "aspect_ratio", "resolution",
      ]
    case (.edit, .gptImage): return gpt + ["input_fidelity"]
    case (.edit, _): return common + ["response_format"]
    case (.variation, _): return ["model", "n", "size", "response_format", "user"]
    }
  }

  /// The first is the default; nil for any.
  var sizes: [String]? {
    switch family {
    case .gptImage: makesAnySize ? nil : ["auto", "1024x1024", "1536x1024", "1024x1536"]
    case .dallE3: ["1024x1024", "1792x1024", "1024x1792"]
    case .dallE2: ["1024x1024", "256x256", "512x512"]
    case .other: nil
    }
  }

  /// Where any size may be named.
  var defaultSize: String { makesAnySize ? "auto" : "1024x1024" }

  /// Whether a size that is not one of a list is within the bounds of `gpt-image-2`.
  func allows(width: Int, height: Int) -> Bool {
    guard makesAnySize else { return true }
    return [width, height].allSatisfy { $0 % 16 == 0 && (1...3840).contains($0) }
      && (655_360...8_294_400).contains(width * height)
      && max(width, height) <= 3 * min(width, height)
  }

  /// The first is the default; nil for any.
  var qualities: [String]? {
    switch family {
    case .gptImage: ["auto", "low", "medium", "high"]
    case .dallE3: ["standard", "hd"]
    case .dallE2, .other: nil
    }
  }

  var maxInputs: Int { family == .gptImage ? 16 : 1 }

  /// DALL-E and masks are PNG only.
  func takes(file bytes: [UInt8], isMask: Bool) -> Bool {
    if Self.pngSize(bytes) != nil { return true }
    guard family == .gptImage, !isMask else { return false }
    return bytes.starts(with: [0xFF, 0xD8, 0xFF]) || bytes.starts(with: "RIFF".utf8)
  }

  /// Width and height of a PNG; nil for anything else.
  static func pngSize(_ bytes: [UInt8]) -> [UInt8]? {
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    guard bytes.count >= 24, bytes.starts(with: signature) else { return nil }
    return Array(bytes[16..<24])
  }
}
