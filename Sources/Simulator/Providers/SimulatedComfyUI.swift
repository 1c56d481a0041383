internal import HTTP
internal import OpenAIWire

/// ComfyUI's server (docs.comfy.org/development/comfyui-server/comms_routes). It refuses no content
/// and is open; the bearer token `bad-key` is refused as by a proxy in front of it. A job waits until
/// its history is asked for, and is ready after two looks; one whose prompt holds `slowly` or
/// `endless` runs, one that holds `waiting` waits, until it is cancelled; one that holds `explode`
/// fails.
struct SimulatedComfyUI: SimulatedProvider {
  let name = "comfyui"

  static let checkpoints = ["sd_xl_base_1.0.safetensors", "flux1-dev.safetensors"]

  func route(_ method: HTTPMethod, _ path: String) -> String {
    switch path.dropFirst("/comfyui/".count).prefix(while: { $0 != "/" && $0 != "?" }) {
    case "prompt": name
    case "history": "\(name).poll"
    case "view": "\(name).view"
    case "upload": "\(name).upload"
    case "queue", "interrupt": "\(name).cancel"
    default: "\(name).models"
    }
  }

  func answer(_ call: SimulatedCall) async throws {
    guard call.request.authorization != "Bearer bad-key" else {
      return call.reply.exchange.respond(
        401, ["content-type": "text/plain"], Array("401: Unauthorized".utf8))
    }
    let jobs = ComfyJobs(state: call.state)
    switch (call.request.method, call.path) {
    case ("POST", "/prompt"): try await queue(call, jobs)
    case ("GET", let path) where path.hasPrefix("/history/"):
      try await history(call, jobs, String(path.dropFirst("/history/".count)))
    case ("GET", "/view"): try await view(call)
    case ("POST", "/upload/image"): try await upload(call)
    case ("POST", "/queue"):
      for id in body(call)?["delete"].map({ Array($0.elements) }) ?? [] {
        if let id = id.string, jobs.cancel(id, in: .waiting) { call.state.cancelJob(name) }
      }
      try await call.respond(json: [])
    case ("GET", "/queue"): try await call.respond(json: jobs.queue())
    case ("POST", "/interrupt"):
      let id = body(call)?["prompt_id"]?.string ?? jobs.running ?? ""
      if jobs.cancel(id, in: .running) { call.state.cancelJob(name) }
      try await call.respond(json: [])
    case ("GET", "/system_stats"):
      try await call.respond(json: Array("{\"system\":{\"os\":\"posix\"},\"devices\":[]}".utf8))
    case ("GET", "/models/checkpoints"):
      let names = Self.checkpoints.map { "\"\($0)\"" }.joined(separator: ",")
      try await call.respond(json: Array("[\(names)]".utf8))
    default:
      call.reply.exchange.respond(
        404, ["content-type": "text/plain"], Array("404: Not Found".utf8))
    }
  }

  private func body(_ call: SimulatedCall) -> JSONSlice? { try? JSONSlice.parse(call.request.body) }

  private func queue(_ call: SimulatedCall, _ jobs: ComfyJobs) async throws {
    let graph: ComfyGraph
    do throws(ComfyGraph.Invalid) {
      guard let prompt = body(call)?["prompt"] else { throw ComfyGraph.Invalid.noPrompt }
      graph = try ComfyGraph(prompt) { call.state.recall("comfyui.input.\($0)") != nil }
    } catch {
      return try await call.respond(400, json: error.body)
    }
    call.state.acceptJob(name)
    let id = jobs.add(graph, id: body(call)?["prompt_id"]?.string)
    try await call.respond(
      json: Array("{\"prompt_id\":\"\(id)\",\"number\":1,\"node_errors\":{}}".utf8))
  }

  private func history(_ call: SimulatedCall, _ jobs: ComfyJobs, _ id: String) async throws {
    guard let job = jobs.look(at: id) else { return try await call.respond(json: Array("{}".utf8)) }
    guard !job.prompt.contains("explode") else {
      return try await call.respond(
        json: Array(
          ("{\"\(id)\":{\"outputs\":{},\"status\":{\"status_str\":\"error\",\"completed\":false,"
            + "\"messages\":[[\"execution_start\",{}],[\"execution_error\",{\"node_type\":\"KSampler\","
            + "\"exception_type\":\"\(job.prompt.contains("memory") ? "torch.OutOfMemoryError" : "ValueError")\","
            + "\"exception_message\":\"boom\"}]]}}}").utf8))
    }
    var files: [String] = []
    for index in 0..<job.count {
      let picture = try await call.draw(
        width: job.width, height: job.height, prompt: job.prompt,
        details: ["\(job.width)x\(job.height)"], index: index)
      let file = picture.url.split(separator: "/").last ?? ""
      files.append("{\"filename\":\"\(file)\",\"subfolder\":\"a b\",\"type\":\"output\"}")
    }
    let preview = "{\"filename\":\"p.png\",\"subfolder\":\"\",\"type\":\"temp\"}"
    try await call.respond(
      json: Array(
        ("{\"\(id)\":{\"prompt\":[],\"outputs\":{\"1\":{\"images\":[\(preview)]},\"9\":{\"images\":["
          + files.joined(separator: ",") + "]}},\"status\":{\"status_str\":\"success\","
          + "\"completed\":true,\"messages\":[]}}}").utf8))
  }

  private func view(_ call: SimulatedCall) async throws {
    let prefix = "/comfyui/view?filename="
    let path = call.request.path
    guard path.hasPrefix(prefix), path.hasSuffix("&subfolder=a%20b&type=output"),
      let file = call.state.file(String(path.dropFirst(prefix.count).prefix { $0 != "&" }))
    else {
      return call.reply.exchange.respond(404, ["content-type": "text/plain"], [])
    }
    try await call.reply.send(file, type: "image/png")
  }

  private func upload(_ call: SimulatedCall) async throws {
    let parts = try? MultipartParser.parse(
      body: call.request.body, contentType: call.request.header("content-type") ?? "")
    guard let file = parts?.first(where: { $0.name == "image" }), let name = file.fileName,
      !name.isEmpty
    else { return call.reply.exchange.respond(400, ["content-type": "text/plain"], []) }
    call.state.remember("comfyui.input.\(name)", "1")
    try await call.respond(
      json: JSONWriter.object { writer in
        writer.member("name", name)
        writer.member("subfolder", "")
        writer.member("type", "input")
      })
  }
}
