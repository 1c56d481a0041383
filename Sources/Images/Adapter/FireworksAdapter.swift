internal import HTTP
internal import OpenAIWire

/// Fireworks' image workflows: FLUX.1 from words at once, FLUX.1 Kontext as a job
/// (docs.fireworks.ai/api-reference).
struct FireworksAdapter: ImageAdapter {
  func draw(
    _ job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    guard let request = FireworksEncoder(job) else {
      throw ImageFailure(
        .notFound, "\(job.model.name) has no \(job.request.operation.rawValue).")
    }
    let path = request.isJob ? request.path : "\(request.path)/text_to_image"
    let reply = try await link.post(
      link.url(path), link.bearer, json: request.body, pays: true, pictures: job.count)
    var answer: ProviderAnswer
    if request.isJob {
      answer = try await result(of: reply, at: request.path, over: link)
    } else {
      answer = try FireworksDecoder.decode(reply, over: link)
    }
    answer.adjusted = request.adjusted
    return answer
  }

  /// Asks for a submitted job until it is done. Fireworks has no request that cancels one.
  private func result(
    of reply: ClientAnswer, at path: String, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    let id = try FireworksDecoder.jobID(reply, over: link)
    let question = JSONWriter.object { $0.member("id", id) }
    let job = try await link.poll(every: .milliseconds(500), cancel: nil) {
      () async throws(ImageFailure) -> JSONSlice? in
      let answer = try await link.post(
        link.url("\(path)/get_result"), link.bearer, json: question, pays: false, pictures: 1)
      return try FireworksDecoder.decodeJob(answer, over: link)
    }
    return try FireworksDecoder.answer(ofJob: job, over: link)
  }

  func checkKey(over link: ProviderLink) async throws(ImageFailure) {
    _ = try await listModels(over: link)
  }

  /// The list is of the models for chat as well: Fireworks marks those that make pictures only by
  /// what they are not.
  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]? {
    let answer = try await link.send(.get, link.url("models"), link.bearer)
    guard answer.head.status == 200 else { throw FireworksDecoder.failure(answer, link) }
    guard let data = (try? JSONSlice.parse(answer.body))?["data"], data.kind == .array else {
      throw link.malformed("answered without a list of models")
    }
    return data.elements.filter { $0["supports_chat"]?.bool != true }.compactMap {
      $0["id"]?.string
    }
  }
}
