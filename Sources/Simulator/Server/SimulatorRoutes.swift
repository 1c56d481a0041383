internal import EventLoop
internal import HTTP
internal import OpenAIWire

/// Answers the requests of a simulator.
struct SimulatorRoutes: Sendable {
  let state: SimulatorState
  let pace: Duration

  func handle(_ exchange: Exchange) async {
    let path = exchange.head.path
    if path.hasPrefix("/simulator/") { return await control(exchange, path) }
    guard let body = try? await exchange.body() else { return }
    let provider = SimulatedProviders.provider(of: path)
    let route = provider?.route(exchange.head.method, path) ?? Self.route(path)
    var headers: [(name: String, value: String)] = []
    exchange.head.headers.forEach { headers.append($0) }
    let request = SimulatorRequest(
      route: route, method: exchange.head.method.name, path: exchange.head.target,
      headers: headers, body: body)
    state.begin(request)
    let completed = await answer(exchange, request, path, provider)
    state.end(clientLeft: !completed)
  }

  private static func route(_ path: String) -> String {
    if path.hasSuffix("/chat/completions") { return "chat" }
    if imagesOperation(path) != nil { return "images" }
    return path.hasPrefix("/files/") ? "files" : "other"
  }

  /// - Returns: whether the client stayed to the end.
  private func answer(
    _ exchange: Exchange, _ request: SimulatorRequest, _ path: String,
    _ provider: (any SimulatedProvider)?
  ) async -> Bool {
    let fault = state.takeFault(request.route)
    let reply = SimulatorReply(exchange: exchange, fault: fault, pace: pace)
    do {
      if try await reply.failEarly(state, provider: provider?.name ?? "openai") { return true }
      if let provider {
        try await provider.answer(SimulatedCall(request: request, reply: reply, state: state))
        return true
      }
      switch request.route {
      case "chat": try await chat(reply, request.body)
      case "images":
        let drawing = try SimulatedImagesRequest(
          Self.imagesOperation(path) ?? .generation, body: request.body,
          contentType: request.header("content-type") ?? "")
        try await Self.draw(drawing, for: "openai", reply, state)
      case "files":
        guard let file = state.file(String(path.dropFirst("/files/".count))) else {
          return reply.respond(404, "text/plain", Array("no such file".utf8))
        }
        try await reply.send(file, type: "image/png")
      default: other(reply, path)
      }
      return true
    } catch let error as OpenAIError {
      return reply.respond(error.status, "application/json", error.body())
    } catch {
      return false
    }
  }

  private func chat(_ reply: SimulatorReply, _ body: [UInt8]) async throws {
    if let replay = reply.fault?.replay { return try await reply.stream([replay]) }
    let object: JSONSlice
    do throws(JSONError) { object = try JSONSlice.parse(body) } catch {
      throw OpenAIError.invalidJSON(error)
    }
    let request = try ChatRequest(object)
    let chunks = ChatChunks(
      request: request, answer: SimulatedChatModel.answer(request),
      id: "chatcmpl-\(state.nextNumber())", created: WallClock.seconds)
    if request.streams {
      try await reply.stream(chunks.events().map { SSEWriter.event(data: $0) })
    } else {
      try await reply.send(chunks.whole(), type: "application/json")
    }
  }

  private func other(_ reply: SimulatorReply, _ path: String) {
    if path.hasSuffix("/models") {
      reply.respond(200, "application/json", Self.models)
      return
    }
    guard path.hasSuffix("/embeddings") else {
      reply.respond(404, "application/json", OpenAIError.notFound("There is no \(path).").body())
      return
    }
    reply.respond(
      200, "application/json",
      Array(
        ("{\"object\":\"list\",\"model\":\"simulated\",\"data\":[{\"object\":\"embedding\","
          + "\"index\":0,\"embedding\":[0.5,0.25]}],"
          + "\"usage\":{\"prompt_tokens\":1,\"total_tokens\":1}}").utf8))
  }

  /// Of OpenAI's list, the models that this one simulates.
  private static let models = JSONWriter.object { writer in
    writer.member("object", "list")
    writer.key("data")
    writer.beginArray()
    for model in ["gpt-4o", "gpt-image-1", "dall-e-3", "dall-e-2"] {
      writer.beginObject()
      writer.member("id", model)
      writer.member("object", "model")
      writer.endObject()
    }
    writer.endArray()
  }

  // MARK: Control

  private func control(_ exchange: Exchange, _ path: String) async {
    let body = (try? await exchange.body()) ?? []
    let json: [UInt8]
    switch (exchange.head.method, path) {
    case (.post, "/simulator/faults"):
      guard let object = try? JSONSlice.parse(body), let route = object["route"]?.string else {
        return exchange.respond(400, [:], [])
      }
      state.queue(SimulatorFault(object), route: route)
      json = Array("{}".utf8)
    case (.delete, "/simulator/requests"):
      state.reset()
      json = Array("{}".utf8)
    case (.get, "/simulator/requests"): json = requests()
    case (.get, "/simulator/state"):
      let counts = state.counts
      json = JSONWriter.object { writer in
        writer.member("open", counts.open)
        writer.member("client_left", counts.clientLeft)
        writer.key("jobs")
        writer.beginObject()
        for (name, jobs) in state.jobs.sorted(by: { $0.key < $1.key }) {
          writer.key(name)
          writer.beginObject()
          writer.member("accepted", jobs.accepted)
          writer.member("cancelled", jobs.cancelled)
          writer.endObject()
        }
        writer.endObject()
      }
    default: return exchange.respond(404, [:], [])
    }
    exchange.respond(200, ["content-type": "application/json"], json)
  }

  private func requests() -> [UInt8] {
    var writer = JSONWriter()
    writer.beginArray()
    for request in state.requests {
      writer.beginObject()
      writer.member("route", request.route)
      writer.member("method", request.method)
      writer.member("path", request.path)
      writer.member("authorization", request.authorization)
      writer.key("headers")
      writer.beginObject()
      for header in request.headers { writer.member(header.name.lowercased(), header.value) }
      writer.endObject()
      writer.member("body", String(decoding: request.body, as: UTF8.self))
      if request.header("content-type")?.hasPrefix("multipart/") == true {
        // A form holds files, which are no text.
        writer.member(
          "body_base64", String(decoding: Base64.encode(request.body), as: UTF8.self))
      }
      writer.endObject()
    }
    writer.endArray()
    return writer.bytes
  }
}
