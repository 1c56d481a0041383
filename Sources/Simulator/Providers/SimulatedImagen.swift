internal import HTTP
internal import OpenAIWire

/// Imagen by `:predict`, as the Gemini API and as Vertex AI have it, told apart by the path
/// (ai.google.dev/gemini-api/docs/imagen,
/// cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api).
struct SimulatedImagen: SimulatedProvider {
  let name = "imagen"

  private static let ratios = ["1:1", "3:4", "4:3", "9:16", "16:9"]

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
    let isVertex = call.path.contains("/projects/")
    try GoogleRules.checkKey(call, isVertex: isVertex)
    if call.request.method == "GET" {
      if isVertex, call.path.hasSuffix("/locations/l") {
        return try await call.respond(json: Array("{\"locationId\":\"l\"}".utf8))
      }
      if !isVertex, call.path.hasSuffix("/models") {
        return try await call.respond(
          json: GoogleRules.list([
            ("imagen-4.0-generate-001", "predict"), ("gemini-2.5-flash-image", "generateContent"),
          ]))
      }
    }
    guard let target = GoogleRules.target(call.path), target.method == "predict",
      target.model.hasPrefix("imagen-"), isVertex == call.path.contains("/publishers/google/")
    else {
      let target = GoogleRules.target(call.path)
      throw GoogleRules.notFound(target?.model ?? "", target?.method ?? "")
    }
    let request = try ImagenRequest(call.request.body, isVertex: isVertex, ratios: Self.ratios)
    if request.prompt.lowercased().contains("forbidden") {
      let reason =
        "{\"predictions\":[{\"raiFilteredReason\":\"Unable to show generated images.\"}]}"
      return try await call.respond(json: Array((request.saysWhy ? reason : "{}").utf8))
    }
    call.state.acceptJob(name)
    var predictions: [[UInt8]] = []
    for index in 0..<request.count {
      let picture = try await call.draw(
        width: request.width, height: request.height, prompt: request.prompt,
        details: ["\(request.width)x\(request.height)", target.model], index: index)
      predictions.append(
        JSONWriter.object { writer in
          writer.member("mimeType", "image/png")
          writer.member("bytesBase64Encoded", raw: [0x22] + Base64.encode(picture.bytes) + [0x22])
          if isVertex { writer.member("prompt", "A detailed picture: \(request.prompt)") }
        })
    }
    let list = Array(predictions.joined(separator: [UInt8(ascii: ",")]))
    try await call.respond(json: Array("{\"predictions\":[".utf8) + list + Array("]}".utf8))
  }
}

/// A request to `:predict`, checked as strictly as the API does.
private struct ImagenRequest {
  let prompt: String
  let count: Int
  let saysWhy: Bool
  let width: Int
  let height: Int

  init(
    _ body: [UInt8], isVertex: Bool, ratios: [String]
  ) throws(GoogleRules.GoogleError) {
    guard let object = try? JSONSlice.parse(body) else {
      throw .invalid("Invalid JSON payload received.")
    }
    try GoogleRules.allowOnly(["instances", "parameters"], in: object, at: "")
    guard let instance = object["instances"]?[0], object["instances"]?[1] == nil,
      let prompt = instance["prompt"]?.string, !prompt.isEmpty
    else { throw .invalid("Exactly one instance with a prompt is needed.") }
    try GoogleRules.allowOnly(["prompt"], in: instance, at: "instances")
    let parameters = object["parameters"]
    let known = [
      "sampleCount", "aspectRatio", "sampleImageSize", "personGeneration", "safetySetting",
      "includeRaiReason", "outputOptions",
    ]
    for name in ["seed", "negativePrompt", "addWatermark"]
    where !isVertex && parameters?[name] != nil {
      throw .invalid("`\(name)` isn't supported by this model.")
    }
    try GoogleRules.allowOnly(
      isVertex ? known + ["seed", "negativePrompt", "addWatermark"] : known, in: parameters,
      at: "parameters")
    guard parameters?["seed"] == nil || parameters?["addWatermark"]?.bool == false else {
      throw .invalid("Seed is not supported when watermark is enabled.")
    }
    let count = parameters?["sampleCount"]?.int ?? 1
    guard (1...4).contains(count) else {
      throw .invalid("Sample count should be between 1 and 4.")
    }
    try GoogleRules.allowOnly(
      ["mimeType", "compressionQuality"], in: parameters?["outputOptions"], at: "outputOptions")
    _ = try GoogleRules.text(
      "mimeType", in: parameters?["outputOptions"], of: ["image/png", "image/jpeg"])
    let size = try GoogleRules.text("sampleImageSize", in: parameters, of: ["1K", "2K"])
    let ratio = try GoogleRules.text("aspectRatio", in: parameters, of: ratios) ?? "1:1"
    (width, height) = GoogleRules.sides(ratio, scale: size == "2K" ? 2 : 1)
    self.prompt = prompt
    self.count = count
    saysWhy = parameters?["includeRaiReason"]?.bool ?? false
  }
}
