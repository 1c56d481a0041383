internal import HTTP
internal import OpenAIWire

/// Together's images API (docs.together.ai/reference/post-images-generations).
struct SimulatedTogether: SimulatedProvider {
  let name = "together"

  func route(_ method: HTTPMethod, _ path: String) -> String {
    path.hasSuffix("/models") ? "together.models" : "together"
  }

  func answer(_ call: SimulatedCall) async throws {
    do {
      guard call.hasBearer else {
        throw SimulatedRejection(
          status: 401, message: "Invalid API key provided.", code: "invalid_api_key")
      }
      switch (call.request.method, call.path) {
      case ("GET", "/models"): try await call.respond(json: Self.models)
      case ("POST", "/images/generations"): try await draw(call)
      default: throw SimulatedRejection(status: 404, message: "Not found.")
      }
    } catch let error as SimulatedRejection {
      try await call.respond(error.status, json: Self.body(error))
    }
  }

  private static let models = Array(
    """
    [{"id":"black-forest-labs/FLUX.1-schnell","object":"model","type":"image"},
    {"id":"meta-llama/Llama-3.3-70B-Instruct-Turbo","object":"model","type":"chat"}]
    """.utf8)

  private static let fields: Set<String> = [
    "model", "prompt", "negative_prompt", "n", "width", "height", "aspect_ratio", "steps", "seed",
    "guidance_scale", "output_format", "response_format", "image_url", "reference_images",
    "image_loras", "disable_safety_checker",
  ]

  private func draw(_ call: SimulatedCall) async throws {
    let check = try FieldCheck(call.request.body, known: Self.fields)
    let model = try check.text("model")
    let prompt = try check.text("prompt")
    guard !prompt.lowercased().contains("forbidden") else {
      throw SimulatedRejection(
        status: 422, message: "NSFW content detected in prompt.", param: "prompt",
        code: "nsfw_content_detected")
    }
    let count = try check.integer("n", in: 1...4) ?? 1
    let steps = try check.integer("steps", in: 1...50) ?? 20
    _ = try check.integer("seed", in: 0...Int(UInt32.max))
    _ = try check.number("guidance_scale", in: 0...100)
    _ = try check.word("output_format", of: ["jpeg", "png"])
    let format = try check.word("response_format", of: ["base64", "url"]) ?? "url"
    try checkImages(check)
    let size = try size(check)
    call.state.acceptJob(name)
    var pictures: [(bytes: [UInt8], url: String)] = []
    for index in 0..<count {
      pictures.append(
        try await call.draw(
          width: size.width, height: size.height, prompt: prompt,
          details: ["\(size.width)x\(size.height)", "\(steps) steps", model], index: index))
    }
    try await call.respond(json: Self.body(pictures, model, asURL: format == "url"))
  }

  private func size(_ check: FieldCheck) throws -> (width: Int, height: Int) {
    if let ratio = try check.word(
      "aspect_ratio", of: ["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21"])
    {
      return SimulatedCall.sides(of: ratio)
    }
    let width = try check.integer("width", in: 64...2048) ?? 1024
    let height = try check.integer("height", in: 64...2048) ?? 1024
    guard width % 8 == 0 else { throw check.wrong("width", "must be a multiple of 8") }
    guard height % 8 == 0 else { throw check.wrong("height", "must be a multiple of 8") }
    return (width, height)
  }

  private func checkImages(_ check: FieldCheck) throws {
    if let image = check.object["image_url"] { _ = try check.picture(image, "image_url") }
    guard let list = check.object["reference_images"] else { return }
    for image in list.elements { _ = try check.picture(image, "reference_images") }
  }

  private static func body(
    _ pictures: [(bytes: [UInt8], url: String)], _ model: String, asURL: Bool
  ) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("id", "simulated")
      writer.member("model", model)
      writer.member("object", "list")
      writer.key("data")
      writer.beginArray()
      for (index, picture) in pictures.enumerated() {
        writer.beginObject()
        writer.member("index", index)
        writer.member("type", asURL ? "url" : "b64_json")
        if asURL {
          writer.member("url", picture.url)
        } else {
          writer.member("b64_json", raw: [0x22] + Base64.encode(picture.bytes) + [0x22])
        }
        writer.endObject()
      }
      writer.endArray()
    }
  }

  private static func body(_ error: SimulatedRejection) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("id", "simulated")
      writer.key("error")
      writer.beginObject()
      writer.member("message", error.message)
      writer.member(
        "type", error.status == 401 ? "authentication_error" : "invalid_request_error")
      writer.member("param", error.param)
      writer.member("code", error.code)
      writer.endObject()
    }
  }
}
