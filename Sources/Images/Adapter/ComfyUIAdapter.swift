internal import HTTP
internal import OpenAIWire

/// ComfyUI (docs.comfy.org/development/comfyui-server/comms_routes): a workflow is queued, its
/// history is asked for until it is done, and its pictures are fetched. The model's option
/// `workflow` holds the workflow; one with an `{{image}}` edits.
struct ComfyUIAdapter: ImageAdapter {
  var cancelsJobs: Bool { true }

  /// Between two looks at the history; the pauses grow.
  private static let interval = Duration.milliseconds(250)

  func draw(
    _ job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    let server = OwnServer(link: link)
    let upload = ComfyUpload(server: server)
    var filling = ComfyFilling(job)
    for (name, image) in try filling.files() {
      filling.values[name] = .text(try await upload.send(image))
    }
    guard let graph = filling.graph() else {
      throw ImageFailure(.notFound, "The workflow of \(job.model.name) is no JSON object.")
    }
    let id = try await submit(graph, job, server)
    do throws(ImageFailure) {
      let outputs = try await wait(for: id, server)
      var pictures: [ProviderPicture] = []
      for file in outputs.prefix(job.count) {
        pictures.append(
          ProviderPicture(.bytes(try await fetch(file, server)), seed: filling.seed))
      }
      return ProviderAnswer(pictures: pictures, adjusted: filling.adjusted)
    } catch {
      if OwnServer.leavesWork(error) || error.isSenseless { cancel(id, server) }
      throw error
    }
  }

  private func submit(
    _ graph: [UInt8], _ job: ImageJob, _ server: OwnServer
  ) async throws(ImageFailure) -> String {
    // By an id of ours the job can be cancelled though no answer has named it. Servers of before 2025
    // give it one of their own.
    let own = UnguessableID.uuid()
    let body = JSONWriter.object { writer in
      writer.member("prompt", raw: graph)
      writer.member("prompt_id", own)
      writer.member("client_id", job.idempotencyKey)
    }
    let answer: ClientAnswer
    do throws(ImageFailure) {
      answer = try await server.link.submit(
        server.link.url("prompt"), server.headers, json: body, pictures: 0,
        abandoned: { answer in
          if let id = Self.job(of: answer) { cancel(id, server) }
        })
    } catch {
      if OwnServer.leavesWork(error) { cancel(own, server) }
      throw error
    }
    guard answer.head.status == 200 else {
      let failure = ComfyAnswer.failure(answer, server.link)
      // A proxy's word says nothing of the queue behind it.
      if OwnServer.leavesWork(failure) { cancel(own, server) }
      throw failure
    }
    guard let id = Self.job(of: answer) else {
      cancel(own, server)
      throw server.link.malformed("queued a job without saying which")
    }
    return id
  }

  /// The id of the job that an answer to a submission names.
  private static func job(of answer: ClientAnswer) -> String? {
    guard let id = (try? JSONSlice.parse(answer.body))?["prompt_id"]?.string,
      (1...128).contains(id.utf8.count)
    else { return nil }
    return id
  }

  private func wait(
    for id: String, _ server: OwnServer
  ) async throws(ImageFailure) -> [ComfyAnswer.File] {
    let link = server.link
    let url = link.url("history/\(ComfyAnswer.escaped(id))")
    let entry = try await link.poll(every: Self.interval, cancel: nil) {
      () async throws(ImageFailure) -> JSONSlice? in
      let answer = try await link.send(.get, url, server.headers)
      guard answer.head.status == 200 else { throw link.failure(answer, nil) }
      guard let history = try? JSONSlice.parse(answer.body), history.kind == .object else {
        throw link.malformed("answered with a history that is no JSON object")
      }
      return history[id].flatMap { ComfyAnswer.isDone($0) ? $0 : nil }
    }
    return try ComfyAnswer.files(entry, link)
  }

  private func fetch(
    _ file: ComfyAnswer.File, _ server: OwnServer
  ) async throws(ImageFailure) -> [UInt8] {
    let link = server.link
    // The picture is made: a broken connection is no reason to give it up.
    return try await link.poll(every: Self.interval, cancel: nil) {
      () async throws(ImageFailure) -> [UInt8]? in
      let answer = try await link.send(.get, link.url(file.path), server.headers, pictures: 1)
      guard answer.head.status == 200 else { throw link.failure(answer, nil) }
      guard ImageFormat(whole: answer.body) != nil else {
        throw link.malformed("handed out something that is no picture")
      }
      return answer.body
    }
  }

  /// Takes a job from the queue, or interrupts it where it runs. Servers of before 2025 interrupt
  /// whatever runs, so they are asked first.
  private func cancel(_ id: String, _ server: OwnServer) {
    let delete = JSONWriter.object { writer in
      writer.key("delete")
      writer.beginArray()
      writer.value(id)
      writer.endArray()
    }
    let interrupt = JSONWriter.object { $0.member("prompt_id", id) }
    server.stop { send in
      _ = await send(server.request(.post, "queue", json: delete))
      let queue = await send(server.request(.get, "queue"))
      let running = queue.flatMap { try? JSONSlice.parse($0.body) }?["queue_running"]
      guard running?.elements.contains(where: { $0[1]?.isString(id) == true }) == true else {
        return
      }
      _ = await send(server.request(.post, "interrupt", json: interrupt))
    }
  }

  // MARK: Key and models

  func checkKey(over link: ProviderLink) async throws(ImageFailure) {
    let answer = try await link.send(
      .get, link.url("system_stats"), OwnServer(link: link).headers)
    guard answer.head.status == 200 else { throw link.failure(answer, nil) }
  }

  /// The checkpoints; nil for servers of before 2025, which do not list them.
  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]? {
    let answer = try await link.send(
      .get, link.url("models/checkpoints"), OwnServer(link: link).headers)
    if answer.head.status == 404 { return nil }
    guard answer.head.status == 200 else { throw link.failure(answer, nil) }
    guard let list = try? JSONSlice.parse(answer.body), list.kind == .array else {
      throw link.malformed("answered without a list of models")
    }
    return list.elements.compactMap(\.string)
  }
}
