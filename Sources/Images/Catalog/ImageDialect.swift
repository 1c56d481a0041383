/// How the parameters of OpenAI's images API are understood by a family of models.
package enum ImageDialect: String, Sendable, Hashable, CaseIterable {
  /// `gpt-image-*`: own quality words, base64 always, no `response_format`, no `style`.
  case gptImage = "gpt-image"
  /// One picture a call, `quality` standard or hd, `style`.
  case dallE3 = "dall-e-3"
  /// Small square sizes, neither quality nor style.
  case dallE2 = "dall-e-2"
  /// xAI: `aspect_ratio` in place of `size`.
  case xai
  /// Other servers, such as LocalAI: the parameters that all understand.
  case generic

  /// The dialect that a model's name tells of.
  package init(modelID: String) {
    let id = modelID.lowercased()
    if id.contains("gpt-image") || id.contains("chatgpt-image") {
      self = .gptImage
    } else if id.contains("dall-e-3") {
      self = .dallE3
    } else if id.contains("dall-e-2") {
      self = .dallE2
    } else if id.contains("grok") {
      self = .xai
    } else {
      self = .generic
    }
  }

  /// The sizes that its models make.
  var sizes: SizeSupport {
    switch self {
    case .gptImage: Self.listed(["1024x1024", "1536x1024", "1024x1536"])
    case .dallE3: Self.listed(["1024x1024", "1792x1024", "1024x1792"])
    case .dallE2: Self.listed(["1024x1024", "512x512", "256x256"])
    case .xai:
      .ratios(
        ["1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "1:2", "2:1"].compactMap(
          AspectRatio.init(_:)))
    case .generic: .free(FreeSizes(step: 1, sides: 1...16_384))
    }
  }

  private static func listed(_ names: [String]) -> SizeSupport {
    .listed(names.compactMap(ImageSize.init(_:)))
  }

  /// Characters of the longest prompt (platform.openai.com/docs/api-reference/images/create).
  var maxPromptLength: Int? {
    switch self {
    case .gptImage: 32_000
    case .dallE3: 4000
    case .dallE2: 1000
    case .xai, .generic: nil
    }
  }

  /// Pictures of one call.
  var maxCount: Int {
    switch self {
    case .gptImage, .dallE2, .xai: 10
    case .dallE3, .generic: 1
    }
  }

  /// What its models can do.
  var capabilities: Set<ImageCapability> {
    switch self {
    case .gptImage:
      [
        .edit, .mask, .multipleInputs, .transparentBackground, .outputFormat, .outputCompression,
        .quality, .moderation, .inputFidelity, .streaming,
      ]
    case .dallE3: [.quality]
    case .dallE2: [.edit, .mask, .variation]
    case .xai: [.edit, .multipleInputs]
    case .generic: []
    }
  }

  /// The styles that its models know.
  var styles: [String] { self == .dallE3 ? ["vivid", "natural"] : [] }
}
