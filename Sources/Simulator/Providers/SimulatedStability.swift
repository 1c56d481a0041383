internal import HTTP
internal import OpenAIWire

/// Stability's v2beta image services (platform.stability.ai/docs/api-reference).
struct SimulatedStability: SimulatedProvider {
  let name = "stability"

  func route(_ method: HTTPMethod, _ path: String) -> String {
    path.hasSuffix("/balance") ? "stability.balance" : "stability"
  }

  func answer(_ call: SimulatedCall) async throws {
    do {
      guard call.hasBearer else {
        throw SimulatedRejection(
          status: 401, message: "The API key is invalid.", code: "unauthorized")
      }
      switch (call.request.method, call.path) {
      case ("GET", "/v1/user/balance"):
        try await call.respond(json: Array("{\"credits\":1000}".utf8))
      case ("POST", "/v2beta/stable-image/generate/core"): try await draw(call, .core)
      case ("POST", "/v2beta/stable-image/generate/ultra"): try await draw(call, .ultra)
      case ("POST", "/v2beta/stable-image/generate/sd3"): try await draw(call, .sd3)
      case ("POST", "/v2beta/stable-image/edit/inpaint"): try await draw(call, .inpaint)
      default:
        throw SimulatedRejection(status: 404, message: "Not found.", code: "not_found")
      }
    } catch let error as SimulatedRejection {
      try await call.respond(error.status, json: Self.body(error))
    }
  }

  private enum Service: String {
    case core, ultra, sd3, inpaint

    var fields: Set<String> {
      let all: Set<String> = ["prompt", "negative_prompt", "seed", "output_format", "style_preset"]
      return switch self {
      case .core: all.union(["aspect_ratio"])
      case .ultra: all.union(["aspect_ratio", "image", "strength"])
      case .sd3: all.union(["aspect_ratio", "image", "strength", "mode", "model", "cfg_scale"])
      case .inpaint: all.union(["image", "mask", "grow_mask"])
      }
    }
  }

  private static let models = [
    "sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium", "sd3.5-flash", "sd3-large", "sd3-medium",
  ]

  private func draw(_ call: SimulatedCall, _ service: Service) async throws {
    guard call.request.header("accept") == "application/json" else {
      throw wrong("accept: must be application/json here")
    }
    guard
      let form = FormParts(call.request.body, contentType: call.request.header("content-type"))
    else { throw wrong("content-type: must be multipart/form-data") }
    for part in form.parts where !service.fields.contains(part.name) {
      throw wrong("\(part.name): is not allowed")
    }
    guard let prompt = form["prompt"]?.text, (1...10_000).contains(prompt.count) else {
      throw wrong("prompt: is required")
    }
    guard !prompt.lowercased().contains("forbidden") else {
      throw SimulatedRejection(
        status: 403,
        message: "Your request was flagged by our content moderation system, as a result your "
          + "request was denied and you were not charged.", code: "content_moderation")
    }
    let ratio = try checkRatio(form, service)
    let seed = try checkNumbers(form)
    try checkImages(form, service)
    if service == .sd3, let model = form["model"]?.text, !Self.models.contains(model) {
      throw wrong("model: is not a known model")
    }
    call.state.acceptJob(name)
    let sides = SimulatedCall.sides(of: ratio)
    let picture = try await call.draw(
      width: sides.width, height: sides.height, prompt: prompt,
      details: [service.rawValue, form["model"]?.text ?? "stable-image"])
    // What the filter finds only once it is drawn is answered with a 200.
    let isFiltered = prompt.lowercased().contains("blurred")
    try await call.respond(
      json: JSONWriter.object { writer in
        writer.member("image", raw: [0x22] + Base64.encode(picture.bytes) + [0x22])
        writer.member("finish_reason", isFiltered ? "CONTENT_FILTERED" : "SUCCESS")
        writer.member("seed", seed == 0 ? 1234 : seed)
      })
  }

  private func checkRatio(_ form: FormParts, _ service: Service) throws -> String? {
    guard let ratio = form["aspect_ratio"]?.text else { return nil }
    let known = ["16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21"]
    guard known.contains(ratio) else { throw wrong("aspect_ratio: is not a known ratio") }
    guard form["mode"]?.text != "image-to-image" else {
      throw wrong("aspect_ratio: is not allowed with image-to-image")
    }
    return ratio
  }

  private func checkNumbers(_ form: FormParts) throws -> Int {
    let seed = form["seed"].map { Int($0.text) ?? -1 } ?? 0
    guard (0...4_294_967_294).contains(seed) else { throw wrong("seed: is out of range") }
    if let scale = form["cfg_scale"], !(1...10).contains(Double(scale.text) ?? 0) {
      throw wrong("cfg_scale: is out of range")
    }
    if let strength = form["strength"], !(0...1).contains(Double(strength.text) ?? -1) {
      throw wrong("strength: is out of range")
    }
    if let format = form["output_format"]?.text, !["png", "jpeg", "webp"].contains(format) {
      throw wrong("output_format: is not a known format")
    }
    return seed
  }

  private func checkImages(_ form: FormParts, _ service: Service) throws {
    for name in ["image", "mask"] {
      if let part = form[name], !part.isFile || part.bytes.isEmpty {
        throw wrong("\(name): must be a file")
      }
    }
    if service == .inpaint, form["image"] == nil { throw wrong("image: is required") }
    if service == .sd3 {
      let mode = form["mode"]?.text ?? "text-to-image"
      guard ["text-to-image", "image-to-image"].contains(mode) else { throw wrong("mode: unknown") }
      guard (mode == "image-to-image") == (form["image"] != nil) else {
        throw wrong("image: goes with the mode image-to-image")
      }
    }
    guard (form["strength"] != nil) == (form["image"] != nil) || service == .inpaint else {
      throw wrong("strength: goes with image")
    }
  }

  private func wrong(_ message: String) -> SimulatedRejection {
    SimulatedRejection(message: message, code: "bad_request")
  }

  private static func body(_ error: SimulatedRejection) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("id", "simulated")
      writer.member("name", error.code)
      writer.key("errors")
      writer.beginArray()
      writer.value(error.message)
      writer.endArray()
    }
  }
}
