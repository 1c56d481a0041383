internal import HTTP
internal import OpenAIWire

/// Gemini models that draw, by `:generateContent` (ai.google.dev/api/generate-content).
struct SimulatedGemini: SimulatedProvider {
  let name = "gemini"

  private static let models = ["gemini-2.5-flash-image", "gemini-3-pro-image"]
  private static let ratios = [
    "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9",
  ]

  func route(_ method: HTTPMethod, _ path: String) -> String {
    method == .post ? name : "\(name).models"
  }

  func answer(_ call: SimulatedCall) async throws {
    do {
      try await respond(call)
    } catch let error as GoogleRules.GoogleError {
      try await call.respond(error.status, json: error.body)
    }
  }

  private func respond(_ call: SimulatedCall) async throws {
    try GoogleRules.checkKey(call, isVertex: false)
    if call.request.method == "GET", call.path.hasSuffix("/models") {
      return try await call.respond(
        json: GoogleRules.list(
          Self.models.map { ($0, "generateContent") } + [("embedding-001", "embedContent")]))
    }
    guard let target = GoogleRules.target(call.path), target.method == "generateContent",
      target.model.hasPrefix("gemini-")
    else {
      let target = GoogleRules.target(call.path)
      throw GoogleRules.notFound(target?.model ?? "", target?.method ?? "")
    }
    let request = try GeminiRequest(
      call.request.body, model: target.model, ratios: Self.ratios)
    if request.prompt.lowercased().contains("forbidden") {
      return try await call.respond(json: Self.blocked)
    }
    call.state.acceptJob(name)
    let picture = try await call.draw(
      width: request.width, height: request.height, prompt: request.prompt,
      details: ["\(request.width)x\(request.height)", target.model])
    try await call.respond(json: Self.body(picture.bytes, request, model: target.model))
  }

  private static func body(_ picture: [UInt8], _ request: GeminiRequest, model: String) -> [UInt8] {
    let inputs = 258 * request.inputs
    return JSONWriter.object { writer in
      writer.key("candidates")
      writer.beginArray()
      writer.beginObject()
      writer.key("content")
      writer.beginObject()
      writer.member("role", "model")
      writer.key("parts")
      writer.beginArray()
      writer.value(raw: Array("{\"text\":\"Here it is.\"}".utf8))
      writer.value(
        raw: Array("{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"".utf8)
          + Base64.encode(picture) + Array("\"}}".utf8))
      writer.endArray()
      writer.endObject()
      writer.member("finishReason", "STOP")
      writer.endObject()
      writer.endArray()
      writer.key("usageMetadata")
      writer.beginObject()
      writer.member("promptTokenCount", 9 + inputs)
      writer.member("candidatesTokenCount", 1290)
      writer.member("totalTokenCount", 1299 + inputs)
      let details =
        "{\"modality\":\"TEXT\",\"tokenCount\":9},{\"modality\":\"IMAGE\",\"tokenCount\":"
      writer.member("promptTokensDetails", raw: Array("[\(details)\(inputs)}]".utf8))
      writer.member(
        "candidatesTokensDetails", raw: Array("[{\"modality\":\"IMAGE\",\"tokenCount\":1290}]".utf8)
      )
      writer.endObject()
      writer.member("modelVersion", model)
      writer.member("responseId", "simulated")
    }
  }

  private static let blocked = Array(
    ("{\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"},\"usageMetadata\":"
      + "{\"promptTokenCount\":9,\"totalTokenCount\":9},\"modelVersion\":\"gemini\"}").utf8)
}
