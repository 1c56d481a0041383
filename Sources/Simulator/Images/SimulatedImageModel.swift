internal import OpenAIWire

/// The images API of OpenAI, with its differences between families of models.
enum SimulatedImageModel {
  struct Drawing {
    var pictures: [[UInt8]]
    var asURL: Bool
    var revisedPrompt: String?
  }

  /// - Throws: what OpenAI's API answers to such a body.
  static func draw(_ body: [UInt8]) throws(OpenAIError) -> Drawing {
    guard let object = try? JSONSlice.parse(body), object.kind == .object else {
      throw .invalidRequest("We could not parse the JSON body of your request.")
    }
    guard let prompt = object["prompt"]?.string, !prompt.isEmpty else {
      throw .invalidRequest("Missing required parameter: 'prompt'.", param: "prompt")
    }
    let model = object["model"]?.string ?? "dall-e-2"
    if prompt.lowercased().contains("forbidden") {
      throw OpenAIError(
        status: 400, message: "Your request was rejected by the safety system.",
        type: "image_generation_user_error", code: "moderation_blocked")
    }
    let isGPT = model.hasPrefix("gpt-image")
    for name in isGPT ? ["response_format", "style"] : ["background", "output_format"]
    where object[name] != nil {
      throw .invalidRequest("Unknown parameter: '\(name)'.", param: name, code: "unknown_parameter")
    }
    try check(object, "quality", isGPT ? ["auto", "low", "medium", "high"] : ["standard", "hd"])
    try check(object, "size", sizes(model))
    let count = object["n"]?.int ?? 1
    guard (1...(model == "dall-e-3" ? 1 : 10)).contains(count) else {
      throw .invalidRequest("Invalid 'n': integer out of range.", param: "n")
    }
    let size = object["size"]?.string ?? "1024x1024"
    let sides = (size == "auto" ? "1024x1024" : size).split(separator: "x").compactMap { Int($0) }
    guard sides.count == 2 else { throw .invalidRequest("Invalid 'size'.", param: "size") }
    let details = ["\(sides[0])x\(sides[1])", object["quality"]?.string ?? "auto", model]
    var pictures: [[UInt8]] = []
    for index in 0..<count {
      let picture = SimulatedPicture(
        width: sides[0], height: sides[1], prompt: prompt, details: details, index: index)
      guard let png = picture.png() else { throw .internal() }
      pictures.append(png)
    }
    let format = object["response_format"]?.string ?? (isGPT ? "b64_json" : "url")
    return Drawing(
      pictures: pictures, asURL: format == "url",
      revisedPrompt: model == "dall-e-3" ? "A detailed picture: \(prompt)" : nil)
  }

  private static func sizes(_ model: String) -> [String]? {
    if model.hasPrefix("gpt-image") { return ["auto", "1024x1024", "1536x1024", "1024x1536"] }
    switch model {
    case "dall-e-3": return ["1024x1024", "1792x1024", "1024x1792"]
    case "dall-e-2": return ["256x256", "512x512", "1024x1024"]
    default: return nil
    }
  }

  private static func check(
    _ object: JSONSlice, _ name: String, _ allowed: [String]?
  ) throws(OpenAIError) {
    guard let value = object[name], let allowed else { return }
    guard let text = value.string, allowed.contains(text) else {
      throw .invalidRequest(
        "Invalid value: '\(value.string ?? "")'. Supported values are: "
          + allowed.map { "'\($0)'" }.joined(separator: ", ") + ".",
        param: name, code: "invalid_value")
    }
  }

  static func body(_ drawing: Drawing, created: Int, urls: [String]) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("created", created)
      writer.key("data")
      writer.beginArray()
      for (index, picture) in drawing.pictures.enumerated() {
        writer.beginObject()
        if drawing.asURL {
          writer.member("url", urls[index])
        } else {
          writer.member("b64_json", raw: [0x22] + Base64.encode(picture) + [0x22])
        }
        writer.member("revised_prompt", drawing.revisedPrompt)
        writer.endObject()
      }
      writer.endArray()
      writer.member(
        "usage",
        raw: Array("{\"total_tokens\":100,\"input_tokens\":50,\"output_tokens\":50}".utf8))
    }
  }
}
