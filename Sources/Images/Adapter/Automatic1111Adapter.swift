internal import HTTP
internal import OpenAIWire

/// AUTOMATIC1111's web UI and Forge
/// (github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/API). Edits and variations go by img2img.
struct Automatic1111Adapter: ImageAdapter {
  func draw(
    _ job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    let server = OwnServer(link: link)
    let encoder = Automatic1111Encoder(job)
    let reply: ClientAnswer
    do throws(ImageFailure) {
      reply = try await link.post(
        link.url("sdapi/v1/\(encoder.method)"), server.headers, json: encoder.body, pays: true,
        pictures: encoder.pictures)
    } catch {
      // The server goes on after its client has left.
      if OwnServer.leavesWork(error) { interrupt(job.idempotencyKey, server) }
      throw error
    }
    var answer = try Self.decode(reply, over: link)
    answer.adjusted = encoder.adjusted
    return answer
  }

  /// Interrupts what the server is at, unless it says that this is another's task.
  private func interrupt(_ task: String, _ server: OwnServer) {
    server.stop { send in
      let progress = await send(
        server.request(.get, "sdapi/v1/progress?skip_current_image=true"))
      let current = progress.flatMap { try? JSONSlice.parse($0.body) }?["current_task"]?.string
      guard current == nil || current == task else { return }
      _ = await send(server.request(.post, "sdapi/v1/interrupt", json: Array("{}".utf8)))
    }
  }

  // MARK: Answer

  static func decode(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> ProviderAnswer {
    let object = try? JSONSlice.parse(answer.body)
    guard answer.head.status == 200 else { throw failure(answer, object, link) }
    guard let images = object?["images"], images.kind == .array else {
      throw link.malformed("answered without a list of pictures")
    }
    // `info` is JSON within a string.
    let info = object?["info"]?.stringBytes.flatMap { try? JSONSlice.parse($0) }
    let seeds = info?["all_seeds"].map { $0.elements.map(\.int) } ?? []
    // A grid of all pictures, where the server makes one, comes first.
    let first = max(0, info?["index_of_first_image"]?.int ?? 0)
    var pictures: [ProviderPicture] = []
    for (index, image) in images.elements.dropFirst(first).enumerated() {
      let seed = index < seeds.count ? seeds[index] : index == 0 ? info?["seed"]?.int : nil
      pictures.append(
        ProviderPicture(
          base64: image.kind == .string ? image.raw.dropFirst().dropLast() : [], seed: seed))
    }
    guard !pictures.isEmpty else { throw link.malformed("answered without a picture") }
    return ProviderAnswer(pictures: pictures)
  }

  /// Errors are FastAPI's `detail`, or the name and text of an exception.
  private static func failure(
    _ answer: ClientAnswer, _ object: JSONSlice?, _ link: ProviderLink
  ) -> ImageFailure {
    let detail = object?["detail"]
    let texts = [
      object?["errors"]?.string, detail?.string, detail?[0]?["msg"]?.string,
      object?["error"]?.string,
    ]
    let reason = texts.compactMap { $0 }.first { !$0.isEmpty }
    let text = (reason ?? "").lowercased()
    var kind: ImageFailure.Kind?
    if object?["error"]?.isString("OutOfMemoryError") == true || text.contains("out of memory") {
      kind = .overloaded
    } else if text.contains("unknown checkpoint") {
      kind = .notFound
    }
    return link.failure(answer, reason, kind: kind)
  }

  // MARK: Key and models

  func checkKey(over link: ProviderLink) async throws(ImageFailure) {
    _ = try await listModels(over: link)
  }

  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]? {
    let answer = try await link.send(
      .get, link.url("sdapi/v1/sd-models"), OwnServer(link: link).headers)
    let object = try? JSONSlice.parse(answer.body)
    guard answer.head.status == 200 else { throw Self.failure(answer, object, link) }
    guard let object, object.kind == .array else {
      throw link.malformed("answered without a list of models")
    }
    return object.elements.compactMap { $0["model_name"]?.string }
  }
}
