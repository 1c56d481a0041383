/// How the parameters of OpenAI's images API are understood by a family of models.
package enum ImageDialect: Sendable, Hashable {
  /// `gpt-image-*`: own quality words, base64 always, no `response_format`, no `style`.
  case gptImage
  /// One picture a call, `quality` standard or hd, `style`.
  case dallE3
  /// Small square sizes, neither quality nor style.
  case dallE2
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

  var sizes: [ImageSize] {
    let names: [String]
    switch self {
    case .gptImage: names = ["1024x1024", "1536x1024", "1024x1536"]
    case .dallE3: names = ["1024x1024", "1792x1024", "1024x1792"]
    case .dallE2: names = ["1024x1024", "512x512", "256x256"]
    case .xai, .generic: names = []
    }
    return names.compactMap(ImageSize.init(_:))
  }

  var maxCount: Int {
    switch self {
    case .gptImage, .dallE2, .xai: 10
    case .dallE3, .generic: 1
    }
  }
}
