internal import HTTP
internal import OpenAIWire

/// Black Forest Labs (docs.bfl.ai/api-reference). Endpoints whose names hold `ultra` or `kontext`
/// take shapes, the others sizes.
struct SimulatedBFL: SimulatedProvider {
  let name = "bfl"

  func route(_ method: HTTPMethod, _ path: String) -> String {
    if path.hasSuffix("/get_result") { return "bfl.poll" }
    return method == .post ? "bfl" : "bfl.models"
  }

  func answer(_ call: SimulatedCall) async throws {
    guard call.hasKey("x-key") else {
      return try await problem(call, 403, "Not authenticated - Invalid Authentication")
    }
    let parts = call.parts
    switch (call.request.method, parts.count) {
    case ("POST", 2) where parts[0] == "v1" && parts[1].hasPrefix("flux-"):
      try await submit(call, parts[1])
    case ("GET", 2) where parts[1] == "get_result": try await result(call)
    case ("GET", 2) where parts[1] == "credits":
      try await call.respond(json: Array(#"{"credits":1000.0}"#.utf8))
    default: try await problem(call, 404, "Not Found")
    }
  }

  // MARK: Tasks

  private static let common: [String: SimulatedSchema.Rule] = [
    "prompt": .text, "seed": .integer(0...4_294_967_295), "safety_tolerance": .integer(0...6),
    "output_format": .word(["jpeg", "png"]), "prompt_upsampling": .flag, "input_image": .text,
    "input_image_2": .text,
  ]
  private static let sized = SimulatedSchema(
    members: common.merging([
      "width": .integer(64...2048), "height": .integer(64...2048), "steps": .integer(1...50),
      "guidance": .number(1.5...10),
    ]) { $1 }, required: ["prompt"])
  private static let shaped = SimulatedSchema(
    members: common.merging(["aspect_ratio": .text, "raw": .flag]) { $1 }, required: ["prompt"])

  private func submit(_ call: SimulatedCall, _ endpoint: Substring) async throws {
    guard let body = try? JSONSlice.parse(call.request.body) else {
      return try await problem(call, 400, "JSON decode error")
    }
    let isShaped = endpoint.contains("ultra") || endpoint.contains("kontext")
    if let flaw = (isShaped ? Self.shaped : Self.sized).problem(in: body) {
      return try await invalid(call, flaw)
    }
    let job = SimulatedJob.accept(name, call)
    let answer = JSONWriter.object { writer in
      writer.member("id", job.id)
      writer.member("polling_url", call.url("/bfl/v1/get_result?id=\(job.id)"))
      writer.member("cost", 4.5)
      writer.member("input_mp", 0.0)
      writer.member("output_mp", 1.0)
    }
    try await call.respond(json: answer)
  }

  private func result(_ call: SimulatedCall) async throws {
    let id = call.request.path.split(separator: "=").last ?? ""
    guard let job = SimulatedJob.find(name, id, call.state), let input = job.request else {
      return try await state(call, id, "Task not found", status: 404)
    }
    let prompt = input["prompt"]?.string ?? ""
    if prompt.contains("forbidden") {
      let reasons = #"{"Moderation Reasons":["Violence"]}"#
      return try await state(call, id, "Request Moderated", details: reasons)
    }
    guard job.ask() else { return try await state(call, id, "Pending") }
    if prompt.contains("naked") {
      return try await state(
        call, id, "Content Moderated", details: #"{"Moderation Reasons":["Nudity"]}"#)
    }
    let size = SimulatedSize(input)
    let urls = try await job.pictures(
      call, count: 1, width: size.width, height: size.height, prompt: prompt,
      details: [String(decoding: input.raw, as: UTF8.self)])
    let result = JSONWriter.object { writer in
      writer.member("sample", urls.first)
      writer.member("prompt", prompt)
      writer.member("seed", input["seed"]?.int ?? 7)
      writer.member("duration", 2.5)
    }
    try await state(call, id, "Ready", result: result)
  }

  private func state(
    _ call: SimulatedCall, _ id: Substring, _ state: String, status: Int = 200,
    result: [UInt8]? = nil, details: String = "null"
  ) async throws {
    let body = JSONWriter.object { writer in
      writer.member("id", String(id))
      writer.member("status", state)
      writer.member("result", raw: result ?? Array("null".utf8))
      writer.member("details", raw: Array(details.utf8))
    }
    try await call.respond(status, json: body)
  }

  // MARK: Problems

  private func problem(_ call: SimulatedCall, _ status: Int, _ text: String) async throws {
    try await call.respond(status, json: JSONWriter.object { $0.member("detail", text) })
  }

  private func invalid(_ call: SimulatedCall, _ flaw: SimulatedSchema.Problem) async throws {
    let body = JSONWriter.object { writer in
      writer.key("detail")
      writer.beginArray()
      writer.beginObject()
      writer.key("loc")
      writer.beginArray()
      writer.value("body")
      writer.value(flaw.field)
      writer.endArray()
      writer.member("msg", flaw.text)
      writer.member("type", flaw.kind == .missing ? "missing" : "value_error")
      writer.endObject()
      writer.endArray()
    }
    try await call.respond(422, json: body)
  }
}
