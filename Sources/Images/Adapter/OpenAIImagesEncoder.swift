internal import OpenAIWire

/// Writes requests in OpenAI's images API, each dialect with the parameters that it takes
/// (platform.openai.com/docs/api-reference/images/create, docs.x.ai). What cannot be said in a
/// dialect is named, never dropped in silence.
struct OpenAIImagesEncoder {
  let request: ImageRequest
  let model: ImageModel
  private(set) var adjusted: [String] = []

  init(_ request: ImageRequest, _ model: ImageModel) {
    self.request = request
    self.model = model
  }

  /// The body of a call for `count` pictures.
  mutating func body(count: Int) -> [UInt8] {
    adjusted = []
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("model", model.id)
    writer.member("prompt", prompt())
    writer.member("n", count)
    addSize(to: &writer)
    addQuality(to: &writer)
    if let style = request.style {
      if model.dialect == .dallE3 {
        writer.member("style", style)
      } else {
        adjusted.append("style: \(model.id) has no styles")
      }
    }
    switch model.dialect {
    case .gptImage:
      writer.member("background", request.background)
      writer.member("output_format", request.outputFormat)
      writer.member("output_compression", request.outputCompression)
      writer.member("moderation", request.moderation)
    case .dallE2, .dallE3, .xai, .generic:
      // As base64 the picture arrives with the answer, and needs no second request.
      writer.member("response_format", "b64_json")
      noteUnsupported("background", request.background)
      noteUnsupported("output_format", request.outputFormat)
    }
    if model.dialect != .xai { writer.member("user", request.user) }
    writer.endObject()
    return writer.bytes
  }

  private mutating func noteUnsupported(_ name: String, _ value: String?) {
    if value != nil { adjusted.append("\(name): \(model.id) has no such parameter") }
  }

  /// No dialect has a field for what must not be seen, so it is said in words.
  private mutating func prompt() -> String {
    guard let negative = request.negativePrompt else { return request.prompt }
    adjusted.append("negative_prompt: put into the prompt")
    return "\(request.prompt)\nAvoid: \(negative)"
  }

  private mutating func addSize(to writer: inout JSONWriter) {
    guard let wanted = request.size else {
      if model.dialect == .gptImage { writer.member("size", "auto") }
      return
    }
    if model.dialect == .xai {
      let ratio = Self.aspectRatio(wanted)
      writer.member("aspect_ratio", ratio)
      adjusted.append("size: given as aspect ratio \(ratio)")
      return
    }
    let size = model.sizes.isEmpty ? wanted : wanted.nearest(of: model.sizes) ?? wanted
    if size != wanted { adjusted.append("size: \(size) in place of \(wanted)") }
    writer.member("size", size.description)
  }

  private static func aspectRatio(_ size: ImageSize) -> String {
    let ratios = ["1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "1:2", "2:1"]
    let sizes = ratios.compactMap { ratio -> (String, ImageSize)? in
      let parts = ratio.split(separator: ":").compactMap { Int($0) }
      guard parts.count == 2, let size = ImageSize(width: parts[0], height: parts[1]) else {
        return nil
      }
      return (ratio, size)
    }
    let nearest = size.nearest(of: sizes.map(\.1))
    return sizes.first { $0.1 == nearest }?.0 ?? "1:1"
  }

  private mutating func addQuality(to writer: inout JSONWriter) {
    switch model.dialect {
    case .gptImage: writer.member("quality", gptQuality)
    case .dallE3: writer.member("quality", isHigh ? "hd" : "standard")
    case .dallE2, .xai, .generic:
      if let quality = request.quality, quality != "auto" {
        adjusted.append("quality: \(model.id) has one quality")
      }
    }
  }

  private var isHigh: Bool { ["ultra", "high", "hd"].contains(request.quality ?? "") }

  private var gptQuality: String {
    switch request.quality {
    case "low", "medium", "high", "auto": request.quality ?? "auto"
    case "ultra", "hd": "high"
    case "standard": "medium"
    case "fast": "low"
    default: "auto"
    }
  }
}
