internal import HTTP
internal import OpenAIWire

/// The queue of fal.ai (docs.fal.ai/model-apis/model-endpoints/queue), with the input of FLUX for
/// every model but those that are named `easel/ratios`.
struct SimulatedFal: SimulatedProvider {
  let name = "fal"

  func route(_ method: HTTPMethod, _ path: String) -> String {
    if path.hasSuffix("/cancel") { return "fal.cancel" }
    if path.hasSuffix("/status") { return "fal.poll" }
    if path.contains("/requests/") { return "fal.result" }
    return method == .post ? "fal" : "fal.models"
  }

  func answer(_ call: SimulatedCall) async throws {
    guard call.hasKey("authorization", scheme: "Key") else {
      return try await problem(call, 401, "Cannot access application. Authentication is required.")
    }
    let parts = call.parts
    switch (call.request.method, parts.count) {
    case ("POST", 2...):
      guard parts[1] != "gone" else {
        return try await problem(call, 404, "Application \"gone\" not found")
      }
      try await submit(call)
    case ("GET", 5) where parts[2] == "requests" && parts[4] == "status":
      try await status(call, parts[3])
    case ("GET", 4) where parts[2] == "requests": try await result(call, parts[3])
    case ("PUT", 5) where parts[2] == "requests" && parts[4] == "cancel":
      try await cancel(call, parts[3])
    case ("GET", 1...2) where parts[0] == "models":
      try await call.respond(
        json: Array(
          #"{"models":[{"endpoint_id":"easel/landscape"}],"prices":[],"has_more":false}"#.utf8))
    default: try await problem(call, 404, "Path \(call.path) not found")
    }
  }

  // MARK: The queue

  private static let common: [String: SimulatedSchema.Rule] = [
    "prompt": .text, "negative_prompt": .text, "seed": .integer(0...4_294_967_295),
    "num_images": .integer(1...4), "num_inference_steps": .integer(1...50),
    "guidance_scale": .number(1...20), "output_format": .word(["jpeg", "png"]),
    "enable_safety_checker": .flag, "image_url": .text, "image_urls": .texts, "mask_url": .text,
  ]
  private static let sized = SimulatedSchema(
    members: common.merging([
      "image_size": .object(["width": .integer(64...4096), "height": .integer(64...4096)])
    ]) { $1 }, required: ["prompt"])
  private static let shaped = SimulatedSchema(
    members: common.merging([
      "aspect_ratio": .word(["1:1", "16:9", "9:16"]), "resolution": .word(["1K", "2K"]),
    ]) { $1 }, required: ["prompt"])

  private func submit(_ call: SimulatedCall) async throws {
    guard let body = try? JSONSlice.parse(call.request.body) else {
      return try await problem(call, 400, "The body is not JSON")
    }
    let schema = call.parts[1] == "ratios" ? Self.shaped : Self.sized
    if let flaw = schema.problem(in: body) {
      return try await problem(call, 422, flaw.text, field: flaw.field, type: "value_error")
    }
    let job = SimulatedJob.accept(name, call)
    let root = "/fal/\(call.parts[0])/\(call.parts[1])/requests/\(job.id)"
    try await call.respond(json: ticket(job, call.url(root), status: "IN_QUEUE"))
  }

  private func ticket(_ job: SimulatedJob, _ root: String, status: String) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("status", status)
      writer.member("request_id", job.id)
      writer.member("response_url", root)
      writer.member("status_url", root + "/status")
      writer.member("cancel_url", root + "/cancel")
      if status == "IN_QUEUE" { writer.member("queue_position", 0) }
    }
  }

  private func status(_ call: SimulatedCall, _ id: Substring) async throws {
    guard let job = SimulatedJob.find(name, id, call.state) else {
      return try await problem(call, 404, "Request not found")
    }
    let isDone = job.isCancelled || job.ask()
    let root = call.url("/fal/\(call.parts[0])/\(call.parts[1])/requests/\(id)")
    try await call.respond(
      isDone ? 200 : 202, json: ticket(job, root, status: isDone ? "COMPLETED" : "IN_PROGRESS"))
  }

  private func cancel(_ call: SimulatedCall, _ id: Substring) async throws {
    guard let job = SimulatedJob.find(name, id, call.state) else {
      return try await call.respond(404, json: Array(#"{"status":"NOT_FOUND"}"#.utf8))
    }
    let isCancelled = job.cancel()
    try await call.respond(
      isCancelled ? 202 : 400,
      json: Array(
        (isCancelled ? #"{"status":"CANCELLATION_REQUESTED"}"# : #"{"status":"ALREADY_COMPLETED"}"#)
          .utf8))
  }

  private func result(_ call: SimulatedCall, _ id: Substring) async throws {
    guard let job = SimulatedJob.find(name, id, call.state), let input = job.request else {
      return try await problem(call, 404, "Request not found")
    }
    guard !job.isCancelled else {
      return try await call.respond(
        499,
        json: Array(#"{"detail":"Request was cancelled","error_type":"client_cancelled"}"#.utf8))
    }
    guard job.isDone else {
      return try await problem(call, 400, "Request is still in progress")
    }
    let prompt = input["prompt"]?.string ?? ""
    if prompt.contains("forbidden") {
      return try await problem(
        call, 422, "The content was flagged by a content checker.", field: "prompt",
        type: "content_policy_violation")
    }
    let size = SimulatedSize(input["image_size"] ?? input)
    let count = input["num_images"]?.int ?? 1
    let urls = try await job.pictures(
      call, count: count, width: size.width, height: size.height, prompt: prompt,
      details: [String(decoding: input.raw, as: UTF8.self)])
    let body = JSONWriter.object { writer in
      writer.key("images")
      writer.beginArray()
      for url in urls {
        writer.beginObject()
        writer.member("url", url)
        writer.member("width", size.width)
        writer.member("height", size.height)
        writer.member("content_type", "image/png")
        writer.endObject()
      }
      writer.endArray()
      writer.member("seed", input["seed"]?.int ?? 7)
      writer.key("has_nsfw_concepts")
      writer.beginArray()
      // A prompt can ask for the first, or all, to be withheld.
      for index in 0..<count {
        writer.value(prompt.contains("naked") && (index == 0 || prompt.contains("all")))
      }
      writer.endArray()
      writer.member("prompt", prompt)
    }
    try await call.respond(json: body)
  }

  private func problem(
    _ call: SimulatedCall, _ status: Int, _ text: String, field: String? = nil,
    type: String? = nil
  ) async throws {
    let body = JSONWriter.object { writer in
      guard let field, let type else { return writer.member("detail", text) }
      writer.key("detail")
      writer.beginArray()
      writer.beginObject()
      writer.key("loc")
      writer.beginArray()
      writer.value("body")
      writer.value(field)
      writer.endArray()
      writer.member("msg", text)
      writer.member("type", type)
      writer.endObject()
      writer.endArray()
    }
    try await call.respond(status, json: body)
  }
}
