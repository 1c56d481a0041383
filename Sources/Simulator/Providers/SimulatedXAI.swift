internal import HTTP
internal import OpenAIWire

/// xAI's images API (docs.x.ai/docs/guides/image-generations): OpenAI's paths with parameters and
/// errors of its own. A `forbidden` prompt is refused with a status, a `naked` one by an entry
/// without a picture.
struct SimulatedXAI: SimulatedProvider {
  let name = "xai"

  func route(_ method: HTTPMethod, _ path: String) -> String {
    path.hasSuffix("/models") ? "xai.models" : name
  }

  func answer(_ call: SimulatedCall) async throws {
    do {
      guard call.hasBearer else {
        throw Self.invalid(
          "Incorrect API key provided: ba***ey. You can obtain an API key from "
            + "https://console.x.ai.")
      }
      switch (call.request.method, call.path) {
      case ("GET", "/v1/models"): try await call.respond(json: Self.models)
      case ("POST", "/v1/images/generations"): try await draw(call, isEdit: false)
      case ("POST", "/v1/images/edits"): try await draw(call, isEdit: true)
      default:
        throw SimulatedRejection(
          status: 404, message: "The requested resource was not found.",
          code: "The requested resource was not found")
      }
    } catch let error as SimulatedRejection {
      try await call.respond(error.status, json: Self.body(error))
    }
  }

  private static let models = Array(
    #"{"object":"list","data":[{"id":"grok-imagine-image","object":"model"}]}"#.utf8)

  private static let fields: Set<String> = [
    "model", "prompt", "n", "response_format", "aspect_ratio", "resolution", "quality", "user",
  ]

  private static let ratios = [
    "1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9", "1:2",
    "2:1", "auto",
  ]

  /// Pictures are changed by JSON alone: one in `image`, or up to three in `images`.
  private static func pictures(_ check: FieldCheck) throws(SimulatedRejection) -> [[UInt8]] {
    let list = check.object["images"].map { Array($0.elements) } ?? []
    let entries = [check.object["image"]].compactMap(\.self) + list
    guard (1...3).contains(entries.count) else { throw invalid("Send one to three images.") }
    var pictures: [[UInt8]] = []
    for entry in entries {
      try check.allow(entry, ["type", "url"])
      guard entry["type"]?.isString("image_url") == true, let url = entry["url"] else {
        throw invalid("An image needs a type and a url.")
      }
      pictures.append(try check.picture(url, "image"))
    }
    return pictures
  }

  private func draw(_ call: SimulatedCall, isEdit: Bool) async throws {
    let check: FieldCheck
    var changed: [[UInt8]] = []
    do throws(SimulatedRejection) {
      let fields = isEdit ? Self.fields.union(["image", "images"]) : Self.fields
      check = try FieldCheck(call.request.body, known: fields)
      if isEdit { changed = try Self.pictures(check) }
    } catch {
      throw Self.invalid(error.param.map { "Argument not supported: \($0)" } ?? error.message)
    }
    let model = try check.text("model")
    let prompt = try check.text("prompt")
    let count = try check.integer("n", in: 1...10) ?? 1
    let ratio = try check.word("aspect_ratio", of: Self.ratios)
    let format = try check.word("response_format", of: ["b64_json", "url"]) ?? "url"
    _ = try check.word("resolution", of: ["1k", "2k"])
    _ = try check.word("quality", of: ["low", "medium"])
    guard !prompt.lowercased().contains("forbidden") else {
      throw Self.invalid("Generated image rejected by content moderation.")
    }
    guard !prompt.lowercased().contains("naked") else {
      return try await call.respond(
        json: Array(#"{"data":[{"url":"","respect_moderation":false}],"usage":{}}"#.utf8))
    }
    call.state.acceptJob(name)
    let size = SimulatedCall.sides(of: ratio == "auto" ? nil : ratio)
    var pictures: [(bytes: [UInt8], url: String)] = []
    for index in 0..<count {
      pictures.append(
        try await call.draw(
          width: size.width, height: size.height, prompt: prompt,
          details: ["\(ratio ?? "auto")", model], index: index))
    }
    // What is changed is billed too.
    try await call.respond(
      json: Self.body(pictures, billed: count + changed.count, asURL: format == "url"))
  }

  private static func body(
    _ pictures: [(bytes: [UInt8], url: String)], billed: Int, asURL: Bool
  ) -> [UInt8] {
    JSONWriter.object { writer in
      writer.key("data")
      writer.beginArray()
      for picture in pictures {
        writer.beginObject()
        if asURL {
          writer.member("url", picture.url)
        } else {
          writer.member("b64_json", raw: [0x22] + Base64.encode(picture.bytes) + [0x22])
        }
        writer.member("mime_type", "image/png")
        writer.member("respect_moderation", true)
        writer.endObject()
      }
      writer.endArray()
      writer.key("usage")
      writer.beginObject()
      // Of 10^-10 dollars.
      writer.member("cost_in_usd_ticks", billed * 200_000_000)
      writer.endObject()
    }
  }

  private static func invalid(_ message: String) -> SimulatedRejection {
    SimulatedRejection(message: message, code: "Client specified an invalid argument")
  }

  private static func body(_ error: SimulatedRejection) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("code", error.code ?? "Client specified an invalid argument")
      writer.member("error", error.message)
    }
  }
}
