internal import EventLoop
internal import HTTP
internal import OpenAIWire

/// AUTOMATIC1111's web UI (github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/API). It makes one
/// thing at a time, goes on after its client has left, and refuses no content; a prompt that holds
/// `slowly` takes until it is interrupted. Without credentials it is open; wrong ones are a 401.
struct SimulatedAutomatic1111: SimulatedProvider {
  let name = "automatic1111"

  /// Where the task that is worked at is remembered; empty for none.
  private static let current = "automatic1111.task"
  private static let checkpoints = ["sd_xl_base_1.0", "v1-5-pruned-emaonly"]

  func route(_ method: HTTPMethod, _ path: String) -> String {
    if path.hasSuffix("2img") { return name }
    if path.hasSuffix("/interrupt") { return "\(name).cancel" }
    return path.hasSuffix("/progress") ? "\(name).poll" : "\(name).models"
  }

  func answer(_ call: SimulatedCall) async throws {
    // `user:password` and `Basic` in base64; any other password would do as well.
    let authorization = call.request.authorization
    guard authorization == nil || authorization == "Basic dXNlcjpwYXNzd29yZA==" else {
      return try await call.respond(
        401, json: Array("{\"detail\":\"Incorrect username or password\"}".utf8))
    }
    do {
      switch (call.request.method, call.path) {
      case ("POST", "/sdapi/v1/txt2img"): try await draw(call, isEdit: false)
      case ("POST", "/sdapi/v1/img2img"): try await draw(call, isEdit: true)
      case ("POST", "/sdapi/v1/interrupt"): try await interrupt(call)
      case ("GET", "/sdapi/v1/progress"): try await progress(call)
      case ("GET", "/sdapi/v1/sd-models"): try await models(call)
      default: throw Automatic1111Error(status: 404, detail: "Not Found")
      }
    } catch let error as Automatic1111Error {
      try await call.respond(error.status, json: error.body)
    }
  }

  private func draw(_ call: SimulatedCall, isEdit: Bool) async throws {
    let request = try Automatic1111Request(call.request.body, isEdit: isEdit)
    if let checkpoint = request.checkpoint, !Self.checkpoints.contains(checkpoint) {
      throw Automatic1111Error(
        status: 500, error: "RuntimeError", text: "Unknown checkpoint: \(checkpoint)")
    }
    let loop = call.reply.exchange.loop
    while let task = call.state.recall(Self.current), !task.isEmpty {
      try await loop.sleep(for: .milliseconds(5))
    }
    call.state.acceptJob(name)
    call.state.remember(Self.current, request.task)
    while request.prompt.contains("slowly"),
      call.state.recall(Self.current) == request.task
    {
      try await loop.sleep(for: .milliseconds(5))
    }
    var images: [[UInt8]] = []
    for index in 0..<request.count {
      let picture = try await call.draw(
        width: request.width, height: request.height, prompt: request.prompt,
        details: ["\(request.width)x\(request.height)", request.checkpoint ?? "loaded"],
        index: index)
      images.append([0x22] + Base64.encode(picture.bytes) + [0x22])
    }
    call.state.remember(Self.current, "")
    let seed = request.seed < 0 ? 1234 : request.seed
    let seeds = (0..<request.count).map { String(seed + $0) }.joined(separator: ",")
    let info = "{\"seed\":\(seed),\"all_seeds\":[\(seeds)],\"index_of_first_image\":0}"
    try await call.respond(
      json: JSONWriter.object { writer in
        writer.member(
          "images", raw: [0x5B] + images.joined(separator: [UInt8(ascii: ",")]) + [0x5D])
        writer.member("parameters", raw: Array("{}".utf8))
        writer.member("info", info)
      })
  }

  private func interrupt(_ call: SimulatedCall) async throws {
    if let task = call.state.recall(Self.current), !task.isEmpty {
      call.state.cancelJob(name)
      call.state.remember(Self.current, "")
    }
    try await call.respond(json: Array("{}".utf8))
  }

  private func progress(_ call: SimulatedCall) async throws {
    let task = call.state.recall(Self.current) ?? ""
    try await call.respond(
      json: JSONWriter.object { writer in
        writer.member("progress", task.isEmpty ? 0 : 0.5)
        writer.member("eta_relative", 1.0)
        writer.key("current_task")
        if task.isEmpty { writer.null() } else { writer.value(task) }
      })
  }

  private func models(_ call: SimulatedCall) async throws {
    let entries = Self.checkpoints.map {
      "{\"title\":\"\($0).safetensors [abc]\",\"model_name\":\"\($0)\"}"
    }
    try await call.respond(json: Array("[\(entries.joined(separator: ","))]".utf8))
  }
}

/// An answer other than 200: FastAPI's `detail`, or an exception's name and text.
struct Automatic1111Error: Error {
  let status: Int
  var detail = ""
  var error = "HTTPException"
  var text = ""

  var body: [UInt8] {
    JSONWriter.object { writer in
      writer.member("error", error)
      writer.member("detail", detail)
      writer.member("body", "")
      writer.member("errors", text)
    }
  }
}
