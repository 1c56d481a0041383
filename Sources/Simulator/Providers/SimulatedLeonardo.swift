internal import HTTP
internal import OpenAIWire

/// Leonardo.Ai (docs.leonardo.ai/reference/creategeneration).
struct SimulatedLeonardo: SimulatedProvider {
  let name = "leonardo"

  func route(_ method: HTTPMethod, _ path: String) -> String {
    if method == .post { return "leonardo" }
    return path.contains("/generations/") ? "leonardo.poll" : "leonardo.models"
  }

  func answer(_ call: SimulatedCall) async throws {
    guard call.hasKey("authorization", scheme: "Bearer") else {
      return try await problem(
        call, 500, "Invalid response from authorization hook", code: "unexpected")
    }
    let parts = call.parts
    switch (call.request.method, parts.first, parts.count) {
    case ("POST", "generations", 1): try await create(call)
    case ("GET", "generations", 2): try await generation(call, parts[1])
    case ("GET", "me", 1):
      try await call.respond(
        json: Array(#"{"user_details":[{"user":{"id":"1"},"apiPaidTokens":10}]}"#.utf8))
    case ("GET", "platformModels", 1):
      try await call.respond(
        json: Array(#"{"custom_models":[{"id":"model-1","name":"Landscape"}]}"#.utf8))
    default: try await problem(call, 404, "Endpoint not found", code: "not-found")
    }
  }

  // MARK: Generations

  private static let body = SimulatedSchema(
    members: [
      "modelId": .text, "prompt": .text, "negative_prompt": .text, "width": .integer(32...1536),
      "height": .integer(32...1536), "num_images": .integer(1...8),
      "guidance_scale": .integer(1...20), "num_inference_steps": .integer(10...60),
      "seed": .integer(0...2_147_483_637), "alchemy": .flag, "ultra": .flag, "public": .flag,
      "contrast": .number(1...4.5), "enhancePrompt": .flag, "styleUUID": .text,
      "presetStyle": .word(["CINEMATIC", "VIBRANT", "NONE"]),
      "transparency": .word(["disabled", "foreground_only"]),
    ], required: ["prompt"])

  private func create(_ call: SimulatedCall) async throws {
    guard let body = try? JSONSlice.parse(call.request.body) else {
      return try await problem(call, 400, "invalid json", code: "bad-request")
    }
    if let flaw = Self.body.problem(in: body) {
      return try await problem(call, 400, flaw.text, code: "validation-failed")
    }
    let sides = [body["width"]?.int ?? 8, body["height"]?.int ?? 8]
    guard sides.allSatisfy({ $0 % 8 == 0 }) else {
      return try await problem(
        call, 400, "width and height must be multiples of 8", code: "unexpected")
    }
    let prompt = body["prompt"]?.string ?? ""
    if prompt.contains("forbidden") {
      return try await problem(
        call, 400, "Your prompt was flagged by our content moderation", code: "unexpected")
    }
    let job = SimulatedJob.accept(name, call)
    let answer = JSONWriter.object { writer in
      writer.key("sdGenerationJob")
      writer.beginObject()
      writer.member("generationId", job.id)
      writer.member("apiCreditCost", 8)
      writer.endObject()
    }
    try await call.respond(json: answer)
  }

  private func generation(_ call: SimulatedCall, _ id: Substring) async throws {
    guard let job = SimulatedJob.find(name, id, call.state), let body = job.request else {
      return try await call.respond(json: Array(#"{"generations_by_pk":null}"#.utf8))
    }
    let prompt = body["prompt"]?.string ?? ""
    var urls: [String] = []
    if job.ask() {
      let size = SimulatedSize(body)
      urls = try await job.pictures(
        call, count: body["num_images"]?.int ?? 4, width: size.width, height: size.height,
        prompt: prompt, details: [String(decoding: body.raw, as: UTF8.self)])
    }
    let answer = JSONWriter.object { writer in
      writer.key("generations_by_pk")
      writer.beginObject()
      writer.member("id", job.id)
      writer.member("status", job.isDone ? "COMPLETE" : "PENDING")
      writer.member("seed", body["seed"]?.int ?? 7)
      writer.key("generated_images")
      writer.beginArray()
      for (index, url) in urls.enumerated() {
        writer.beginObject()
        writer.member("id", "\(job.id)-\(index)")
        writer.member("url", url)
        // A prompt can ask for the first, or all, to be flagged.
        writer.member("nsfw", prompt.contains("naked") && (index == 0 || prompt.contains("all")))
        writer.endObject()
      }
      writer.endArray()
      writer.endObject()
    }
    try await call.respond(json: answer)
  }

  private func problem(
    _ call: SimulatedCall, _ status: Int, _ text: String, code: String
  ) async throws {
    let body = JSONWriter.object { writer in
      writer.member("error", text)
      writer.member("path", "$")
      writer.member("code", code)
    }
    try await call.respond(status, json: body)
  }
}
