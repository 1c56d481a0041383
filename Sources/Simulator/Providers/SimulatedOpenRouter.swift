internal import HTTP
internal import OpenAIWire

/// OpenRouter's chat with pictures in its answers, and its images API (openrouter.ai/docs).
struct SimulatedOpenRouter: SimulatedProvider {
  let name = "openrouter"

  func route(_ method: HTTPMethod, _ path: String) -> String {
    if path.hasSuffix("/key") { return "openrouter.key" }
    return path.hasSuffix("/models") ? "openrouter.models" : "openrouter"
  }

  func answer(_ call: SimulatedCall) async throws {
    do {
      if call.request.method == "GET", call.path == "/models" {
        return try await call.respond(json: Self.models)
      }
      guard call.hasBearer else {
        throw SimulatedRejection(status: 401, message: "No auth credentials found")
      }
      switch (call.request.method, call.path) {
      case ("GET", "/key"):
        try await call.respond(json: Array("{\"data\":{\"label\":\"simulated\"}}".utf8))
      case ("POST", "/chat/completions"): try await chat(call)
      case ("POST", "/images"): try await images(call)
      default: throw SimulatedRejection(status: 404, message: "Not Found")
      }
    } catch let error as SimulatedRejection {
      try await call.respond(error.status, json: Self.body(error))
    }
  }

  private static let models = Array(
    """
    {"data":[{"id":"google/gemini-2.5-flash-image"},{"id":"bytedance-seed/seedream-4.5"}]}
    """.utf8)

  private static let ratios = [
    "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9",
  ]

  private func moderate(_ prompt: String) throws {
    guard prompt.lowercased().contains("forbidden") else { return }
    throw SimulatedRejection(
      status: 403, message: "Your input was flagged.", param: prompt, code: "moderation")
  }

  // MARK: Chat

  private func chat(_ call: SimulatedCall) async throws {
    let check = try FieldCheck(
      call.request.body,
      known: ["model", "messages", "modalities", "image_config", "seed", "user", "stream", "usage"])
    let model = try check.text("model")
    guard model != "bytedance-seed/seedream-4.5" else {
      throw SimulatedRejection(
        status: 404, message: "No endpoints found that support the requested output modalities")
    }
    let modalities = check.object["modalities"]?.elements.compactMap(\.string) ?? []
    guard modalities.contains("image") else {
      throw check.wrong("modalities", "must hold image here")
    }
    var ratio: String?
    if let config = check.object["image_config"] {
      try check.allow(config, ["aspect_ratio", "image_size"])
      let config = try FieldCheck(Array(config.raw), known: ["aspect_ratio", "image_size"])
      ratio = try config.word("aspect_ratio", of: Self.ratios)
      _ = try config.word("image_size", of: ["1K", "2K", "4K"])
    }
    let prompt = try prompt(check)
    try moderate(prompt)
    call.state.acceptJob(name)
    // Some refusals come from the model, with a 200 and no picture.
    let isWithheld = prompt.lowercased().contains("withheld")
    let sides = SimulatedCall.sides(of: ratio)
    let picture = try await call.draw(
      width: sides.width, height: sides.height, prompt: prompt, details: [ratio ?? "1:1", model])
    try await call.respond(json: Self.body(model, isWithheld ? nil : picture.bytes))
  }

  /// The text of the one message, whose pictures are looked at.
  private func prompt(_ check: FieldCheck) throws -> String {
    let messages = check.object["messages"]?.elements.map { $0 } ?? []
    guard messages.count == 1, let message = messages.first, message["role"]?.string == "user",
      let content = message["content"]
    else { throw check.wrong("messages", "must hold a message of the user") }
    if let text = content.string { return text }
    var prompt = ""
    for part in content.elements {
      switch part["type"]?.string {
      case "text": prompt += part["text"]?.string ?? ""
      case "image_url":
        guard let url = part["image_url"]?["url"] else {
          throw check.wrong("image_url", "is required")
        }
        _ = try check.picture(url, "image_url")
      default: throw check.wrong("content", "has a part of an unknown type")
      }
    }
    return prompt
  }

  private static func body(_ model: String, _ picture: [UInt8]?) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("id", "gen-simulated")
      writer.member("object", "chat.completion")
      writer.member("model", model)
      writer.key("choices")
      writer.beginArray()
      writer.beginObject()
      writer.member("index", 0)
      writer.member("finish_reason", picture == nil ? "content_filter" : "stop")
      writer.member("native_finish_reason", picture == nil ? "IMAGE_SAFETY" : "STOP")
      writer.key("message")
      writer.beginObject()
      writer.member("role", "assistant")
      writer.member("content", "")
      if let picture {
        writer.key("images")
        writer.beginArray()
        writer.value(
          raw: Array("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,".utf8)
            + Base64.encode(picture) + Array("\"}}".utf8))
        writer.endArray()
      }
      writer.endObject()
      writer.endObject()
      writer.endArray()
      writer.member(
        "usage",
        raw: Array(
          #"{"prompt_tokens":10,"completion_tokens":1290,"total_tokens":1300,"cost":0.039}"#.utf8))
    }
  }

  // MARK: Images API

  private func images(_ call: SimulatedCall) async throws {
    let check = try FieldCheck(
      call.request.body,
      known: [
        "model", "prompt", "n", "aspect_ratio", "size", "resolution", "quality", "background",
        "output_format", "output_compression", "seed", "input_references", "stream", "provider",
      ])
    let model = try check.text("model")
    let prompt = try check.text("prompt")
    try moderate(prompt)
    let count = try check.integer("n", in: 1...10) ?? 1
    _ = try check.word("resolution", of: ["512", "1K", "2K", "4K"])
    _ = try check.word("quality", of: ["auto", "low", "medium", "high"])
    _ = try check.word("output_format", of: ["png", "jpeg", "webp", "svg"])
    _ = try check.integer("output_compression", in: 0...100)
    let ratio = try check.word("aspect_ratio", of: Self.ratios)
    for part in check.object["input_references"]?.elements.map({ $0 }) ?? [] {
      guard part["type"]?.string == "image_url", let url = part["image_url"]?["url"] else {
        throw check.wrong("input_references", "must hold parts of type image_url")
      }
      _ = try check.picture(url, "input_references")
    }
    call.state.acceptJob(name)
    var sides = SimulatedCall.sides(of: ratio)
    let size = check.object["size"]?.string?.split(separator: "x").compactMap { Int($0) } ?? []
    if size.count == 2 { sides = (size[0], size[1]) }
    var pictures: [[UInt8]] = []
    for index in 0..<count {
      pictures.append(
        try await call.draw(
          width: sides.width, height: sides.height, prompt: prompt, details: [model], index: index
        ).bytes)
    }
    try await call.respond(json: Self.body(pictures))
  }

  private static func body(_ pictures: [[UInt8]]) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("created", 1)
      writer.key("data")
      writer.beginArray()
      for picture in pictures {
        writer.beginObject()
        writer.member("b64_json", raw: [0x22] + Base64.encode(picture) + [0x22])
        writer.member("media_type", "image/png")
        writer.endObject()
      }
      writer.endArray()
      writer.key("usage")
      writer.beginObject()
      writer.member("prompt_tokens", 0)
      writer.member("completion_tokens", 4175 * pictures.count)
      writer.member("total_tokens", 4175 * pictures.count)
      writer.member("cost", 0.04 * Double(pictures.count))
      writer.endObject()
    }
  }

  private static func body(_ error: SimulatedRejection) -> [UInt8] {
    JSONWriter.object { writer in
      writer.key("error")
      writer.beginObject()
      writer.member("code", error.status)
      writer.member("message", error.message)
      if error.code == "moderation" {
        writer.key("metadata")
        writer.beginObject()
        writer.key("reasons")
        writer.beginArray()
        writer.value("violence")
        writer.endArray()
        writer.member("flagged_input", String((error.param ?? "").prefix(100)))
        writer.member("provider_name", "simulated")
        writer.endObject()
      }
      writer.endObject()
    }
  }
}
