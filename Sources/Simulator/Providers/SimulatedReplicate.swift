internal import HTTP
internal import OpenAIWire

/// Replicate's predictions (replicate.com/docs/reference/http), with one schema for every model.
struct SimulatedReplicate: SimulatedProvider {
  let name = "replicate"

  func route(_ method: HTTPMethod, _ path: String) -> String {
    if path.hasSuffix("/cancel") { return "replicate.cancel" }
    if path.hasSuffix("/predictions") { return "replicate" }
    if path.hasSuffix("/files") { return "replicate.files" }
    if path.contains("/predictions/") { return "replicate.poll" }
    return "replicate.models"
  }

  func answer(_ call: SimulatedCall) async throws {
    guard call.hasKey("authorization", scheme: "Bearer") else {
      return try await problem(
        call, 401, "Unauthenticated", "You did not pass a valid authentication token")
    }
    let parts = call.parts
    switch (call.request.method, parts.count) {
    case ("POST", 1) where parts[0] == "predictions": try await create(call, isVersioned: true)
    case ("POST", 4) where parts[0] == "models" && parts[3] == "predictions":
      guard parts[2] != "gone" else {
        return try await problem(
          call, 404, "Not found", "The requested resource could not be found.")
      }
      try await create(call, isVersioned: false)
    case ("POST", 4) where parts[0] == "deployments" && parts[3] == "predictions":
      try await create(call, isVersioned: false)
    case ("POST", 3) where parts[2] == "cancel": try await cancel(call, parts[1])
    case ("GET", 2) where parts[0] == "predictions": try await poll(call, parts[1])
    case ("POST", 1) where parts[0] == "files": try await upload(call)
    case ("GET", 1) where parts[0] == "account":
      try await call.respond(json: Array(#"{"type":"user","username":"easel"}"#.utf8))
    case ("GET", 2) where parts[0] == "collections":
      try await call.respond(
        json: Array(
          #"{"slug":"text-to-image","models":[{"owner":"easel","name":"landscape"}]}"#.utf8))
    default: try await problem(call, 404, "Not found", "There is no such resource.")
    }
  }

  // MARK: Predictions

  private static let input = SimulatedSchema(
    members: [
      "prompt": .text, "negative_prompt": .text, "seed": .integer(0...4_294_967_295),
      "aspect_ratio": .word([
        "1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21", "custom",
      ]),
      "width": .integer(256...1440), "height": .integer(256...1440),
      "num_outputs": .integer(1...4), "num_inference_steps": .integer(1...50),
      "guidance": .number(0...10), "output_format": .word(["webp", "jpg", "png"]),
      "output_quality": .integer(0...100), "image": .text, "input_images": .texts, "mask": .text,
      "go_fast": .flag, "megapixels": .word(["1", "0.25"]), "style": .text,
    ], required: ["prompt"])

  private func create(_ call: SimulatedCall, isVersioned: Bool) async throws {
    guard let body = try? JSONSlice.parse(call.request.body) else {
      return try await problem(call, 400, "Bad request", "The body is not JSON")
    }
    let allowed = isVersioned ? ["version", "input"] : ["input"]
    if let stranger = body.members.first(where: { !allowed.contains($0.key) }) {
      return try await problem(
        call, 422, "Input validation failed",
        "- Additional property \(stranger.key) is not allowed")
    }
    if isVersioned, body["version"]?.string?.utf8.count != 64 {
      return try await problem(
        call, 422, "Invalid version or not permitted", "The specified version does not exist")
    }
    guard let input = body["input"], input.kind == .object else {
      return try await problem(call, 422, "Input validation failed", "- input is required")
    }
    if let flaw = Self.input.problem(in: input) {
      return try await problem(
        call, 422, "Input validation failed", "- input.\(flaw.field): \(flaw.text)")
    }
    let job = SimulatedJob.accept(name, call)
    // A prompt can ask for a model that is done before the wait is over.
    let waits = call.request.header("prefer")?.hasPrefix("wait") == true
    if waits, input["prompt"]?.string?.contains("quick") == true {
      while !job.ask() {}
    }
    try await send(job, call, status: 201)
  }

  private func poll(_ call: SimulatedCall, _ id: Substring) async throws {
    guard let job = SimulatedJob.find(name, id, call.state) else {
      return try await problem(call, 404, "Not found", "There is no such prediction.")
    }
    _ = job.isCancelled || job.ask()
    try await send(job, call, status: 200)
  }

  private func cancel(_ call: SimulatedCall, _ id: Substring) async throws {
    guard let job = SimulatedJob.find(name, id, call.state) else {
      return try await problem(call, 404, "Not found", "There is no such prediction.")
    }
    _ = job.cancel()
    try await send(job, call, status: 200)
  }

  private func send(_ job: SimulatedJob, _ call: SimulatedCall, status: Int) async throws {
    let input = job.request?["input"]
    let prompt = input?["prompt"]?.string ?? ""
    let isRefused = prompt.contains("forbidden")
    var urls: [String] = []
    if job.isDone, !isRefused, !job.isCancelled {
      let size = SimulatedSize(input)
      urls = try await job.pictures(
        call, count: input?["num_outputs"]?.int ?? 1, width: size.width, height: size.height,
        prompt: prompt, details: [String(decoding: input?.raw ?? [], as: UTF8.self)])
    }
    let body = JSONWriter.object { writer in
      writer.member("id", job.id)
      if let input { writer.member("input", raw: input.raw) }
      writer.member("logs", job.isDone ? "Using seed: 7\nDone" : "")
      writer.key("error")
      if job.isDone, isRefused {
        writer.value("NSFW content detected. Try running it again, or try a different prompt.")
      } else {
        writer.null()
      }
      writer.key("output")
      if urls.isEmpty {
        writer.null()
      } else {
        writer.beginArray()
        for url in urls { writer.value(url) }
        writer.endArray()
      }
      let state = job.isDone ? (isRefused ? "failed" : "succeeded") : "processing"
      writer.member("status", job.isCancelled ? "canceled" : state)
      writer.key("urls")
      writer.beginObject()
      writer.member("get", call.url("/replicate/predictions/\(job.id)"))
      writer.member("cancel", call.url("/replicate/predictions/\(job.id)/cancel"))
      writer.endObject()
      if job.isDone { writer.member("metrics", raw: Array(#"{"predict_time":2.5}"#.utf8)) }
    }
    try await call.respond(status, json: body)
  }

  // MARK: The rest

  private func upload(_ call: SimulatedCall) async throws {
    guard call.request.header("content-type")?.hasPrefix("multipart/form-data") == true,
      call.request.body.firstRange(of: #"name="content""#.utf8) != nil
    else { return try await problem(call, 400, "Bad request", "Missing content") }
    let url = call.url("/replicate/files/\(call.state.nextNumber())")
    let body = JSONWriter.object { writer in
      writer.key("urls")
      writer.beginObject()
      writer.member("get", url)
      writer.endObject()
    }
    try await call.respond(201, json: body)
  }

  private func problem(
    _ call: SimulatedCall, _ status: Int, _ title: String, _ detail: String
  ) async throws {
    let body = JSONWriter.object { writer in
      writer.member("title", title)
      writer.member("detail", detail)
      writer.member("status", status)
    }
    try await call.respond(status, json: body)
  }
}
