internal import OpenAIWire

/// A request to `:generateContent`, checked as strictly as the API does.
struct GeminiRequest {
  private(set) var prompt = ""
  /// Pictures that were sent.
  private(set) var inputs = 0
  private(set) var width = 1024
  private(set) var height = 1024

  init(
    _ body: [UInt8], model: String, ratios: [String]
  ) throws(GoogleRules.GoogleError) {
    guard let object = try? JSONSlice.parse(body), object.kind == .object else {
      throw .invalid("Invalid JSON payload received.")
    }
    try GoogleRules.allowOnly(
      ["contents", "generationConfig", "safetySettings", "systemInstruction"], in: object, at: "")
    guard let contents = object["contents"], contents[0] != nil else {
      throw .invalid("* GenerateContentRequest.contents: contents is not specified")
    }
    for content in contents.elements {
      try GoogleRules.allowOnly(["role", "parts"], in: content, at: "contents")
      guard content["role"]?.isString("user") == true else {
        throw .invalid("Please use a valid role: user, model.")
      }
      for part in content["parts"].map({ Array($0.elements) }) ?? [] { try read(part) }
    }
    guard !prompt.isEmpty else { throw .invalid("Unable to submit request without a prompt.") }
    try read(config: object["generationConfig"], model: model, ratios: ratios)
  }

  private mutating func read(_ part: JSONSlice) throws(GoogleRules.GoogleError) {
    try GoogleRules.allowOnly(["text", "inlineData"], in: part, at: "contents.parts")
    if let text = part["text"]?.string { prompt += text }
    guard let inline = part["inlineData"] else { return }
    try GoogleRules.allowOnly(["mimeType", "data"], in: inline, at: "inlineData")
    let types = ["image/png", "image/jpeg", "image/webp"]
    guard try GoogleRules.text("mimeType", in: inline, of: types) != nil,
      let data = inline["data"]?.stringBytes, let bytes = Base64.decode(data), !bytes.isEmpty
    else { throw .invalid("Provided image is not valid.") }
    inputs += 1
  }

  private mutating func read(
    config: JSONSlice?, model: String, ratios: [String]
  ) throws(GoogleRules.GoogleError) {
    try GoogleRules.allowOnly(
      ["responseModalities", "imageConfig", "seed", "candidateCount"], in: config,
      at: "generation_config")
    guard let modalities = config?["responseModalities"]?.elements.compactMap(\.string),
      modalities.contains("IMAGE"), Set(modalities).isSubset(of: ["TEXT", "IMAGE"])
    else {
      throw .invalid("The requested combination of response modalities is not supported.")
    }
    guard (config?["candidateCount"]?.int ?? 1) == 1 else {
      throw .invalid("Multiple candidates is not enabled for this model")
    }
    if let seed = config?["seed"], seed.int == nil { throw .invalid("Invalid value at 'seed'.") }
    let image = config?["imageConfig"]
    try GoogleRules.allowOnly(
      ["aspectRatio", "imageSize"], in: image, at: "generation_config.image_config")
    let sizes = model.hasPrefix("gemini-3") ? ["1K", "2K", "4K"] : []
    let size = try GoogleRules.text("imageSize", in: image, of: sizes)
    let scale = ["2K": 2, "4K": 4][size ?? ""] ?? 1
    let ratio = try GoogleRules.text("aspectRatio", in: image, of: ratios) ?? "1:1"
    (width, height) = GoogleRules.sides(ratio, scale: scale)
  }
}
