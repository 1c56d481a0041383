internal import HTTP
internal import OpenAIWire

/// Fireworks' image workflows (docs.fireworks.ai/api-reference).
struct SimulatedFireworks: SimulatedProvider {
  let name = "fireworks"

  func route(_ method: HTTPMethod, _ path: String) -> String {
    if path.hasSuffix("/get_result") { return "fireworks.poll" }
    return path.hasSuffix("/models") ? "fireworks.models" : "fireworks"
  }

  func answer(_ call: SimulatedCall) async throws {
    do {
      guard call.hasBearer else {
        throw SimulatedRejection(status: 401, message: "The API key you provided is invalid.")
      }
      let parts = call.path.split(separator: "/")
      if call.request.method == "GET", parts == ["models"] {
        return try await call.respond(json: Self.models)
      }
      guard call.request.method == "POST", parts.count >= 5,
        parts.prefix(4) == ["workflows", "accounts", "fireworks", "models"]
      else { throw SimulatedRejection(status: 404, message: "Not found.") }
      switch parts.dropFirst(5) {
      case ["text_to_image"]: try await draw(call, String(parts[4]))
      case []: try await submit(call, String(parts[4]))
      case ["get_result"]: try await poll(call)
      default: throw SimulatedRejection(status: 404, message: "Not found.")
      }
    } catch let error as SimulatedRejection {
      try await call.respond(
        error.status,
        json: JSONWriter.object { writer in
          writer.key("error")
          writer.beginObject()
          writer.member("object", "error")
          writer.member("type", "invalid_request_error")
          writer.member("code", error.code ?? "invalid_request_error")
          writer.member("message", error.message)
          writer.endObject()
        })
    }
  }

  private static let models = Array(
    """
    {"object":"list","data":[
    {"id":"accounts/fireworks/models/flux-1-schnell-fp8","object":"model","supports_chat":false},
    {"id":"accounts/fireworks/models/llama-v3p3-70b-instruct","object":"model",
    "supports_chat":true}]}
    """.utf8)

  private static let ratios = [
    "1:1", "21:9", "16:9", "3:2", "5:4", "4:5", "2:3", "9:16", "9:21", "4:3", "3:4",
  ]

  private func draw(_ call: SimulatedCall, _ model: String) async throws {
    guard call.request.header("accept") == "application/json" else {
      throw SimulatedRejection(message: "This simulator answers with application/json alone.")
    }
    guard ["flux-1-schnell-fp8", "flux-1-dev-fp8"].contains(model) else {
      throw SimulatedRejection(status: 404, message: "Model not found.", code: "NOT_FOUND")
    }
    let check = try FieldCheck(
      call.request.body,
      known: ["prompt", "aspect_ratio", "guidance_scale", "num_inference_steps", "seed"])
    let prompt = try check.text("prompt")
    let ratio = try check.word("aspect_ratio", of: Self.ratios)
    _ = try check.number("guidance_scale", in: 0...100)
    let steps = try check.integer("num_inference_steps", in: 1...100) ?? 4
    let seed = try check.integer("seed", in: 0...Int(UInt32.max)) ?? 1234
    call.state.acceptJob(name)
    let sides = SimulatedCall.sides(of: ratio)
    let picture = try await call.draw(
      width: sides.width, height: sides.height, prompt: prompt,
      details: [ratio ?? "1:1", "\(steps) steps", model])
    // The filter looks at what was drawn, and says so in a 200.
    let isBlocked = prompt.lowercased().contains("forbidden")
    try await call.respond(
      json: JSONWriter.object { writer in
        writer.member("id", "simulated")
        writer.key("base64")
        writer.beginArray()
        writer.value(
          raw: Array("\"data:image/png;base64,".utf8) + Base64.encode(picture.bytes) + [0x22])
        writer.endArray()
        writer.member("finishReason", isBlocked ? "CBLOCKED" : "SUCCESS")
        writer.member("seed", seed)
      })
  }

  // MARK: Kontext

  private func submit(_ call: SimulatedCall, _ model: String) async throws {
    guard ["flux-kontext-pro", "flux-kontext-max"].contains(model) else {
      throw SimulatedRejection(status: 404, message: "Model not found.", code: "NOT_FOUND")
    }
    let check = try FieldCheck(
      call.request.body,
      known: [
        "prompt", "input_image", "aspect_ratio", "seed", "output_format", "webhook_url",
        "webhook_secret", "prompt_upsampling", "safety_tolerance",
      ])
    let prompt = try check.text("prompt")
    let ratio = try check.word("aspect_ratio", of: Self.ratios)
    _ = try check.integer("seed", in: 0...Int(UInt32.max))
    _ = try check.word("output_format", of: ["png", "jpeg"])
    if let image = check.object["input_image"] { _ = try check.picture(image, "input_image") }
    call.state.acceptJob(name)
    let id = "job-\(call.state.nextNumber())"
    let sides = SimulatedCall.sides(of: ratio)
    let isModerated = prompt.lowercased().contains("forbidden")
    let picture = try await call.draw(
      width: sides.width, height: sides.height, prompt: prompt, details: [ratio ?? "1:1", model])
    call.state.remember("fireworks \(id)", isModerated ? "" : picture.url)
    call.state.remember("fireworks \(id) polls", "0")
    try await call.respond(json: JSONWriter.object { $0.member("request_id", id) })
  }

  private func poll(_ call: SimulatedCall) async throws {
    let check = try FieldCheck(call.request.body, known: ["id"])
    let id = try check.text("id")
    let polls = call.state.recall("fireworks \(id) polls").flatMap { Int($0) } ?? 0
    call.state.remember("fireworks \(id) polls", String(polls + 1))
    let url = call.state.recall("fireworks \(id)")
    try await call.respond(
      json: JSONWriter.object { writer in
        writer.member("id", id)
        switch url {
        case nil: writer.member("status", "Task not found")
        case ""?: writer.member("status", "Request Moderated")
        case _ where polls < 2: writer.member("status", "Pending")
        case let url:
          writer.member("status", "Ready")
          writer.key("result")
          writer.beginObject()
          writer.member("sample", url)
          writer.endObject()
        }
      })
  }
}
