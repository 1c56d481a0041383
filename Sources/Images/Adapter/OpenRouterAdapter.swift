internal import HTTP
internal import OpenAIWire

/// OpenRouter: pictures through chat, or by its images API where the model's option `endpoint` is
/// `images` (openrouter.ai/docs).
struct OpenRouterAdapter: ImageAdapter {
  func draw(
    _ job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    let request = OpenRouterEncoder(job)
    // Some models make a picture more than they are asked for.
    let reply = try await link.post(
      link.url(request.path), link.bearer, json: request.body, pays: true,
      pictures: job.count + 1)
    var answer = try OpenRouterDecoder.decode(reply, over: link)
    answer.adjusted = request.adjusted
    return answer
  }

  /// The list of models is open to all, so the key is asked about itself.
  func checkKey(over link: ProviderLink) async throws(ImageFailure) {
    let answer = try await link.send(.get, link.url("key"), link.bearer)
    guard answer.head.status == 200 else { throw failure(answer, link) }
  }

  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]? {
    let url = link.url("models?output_modalities=image")
    let answer = try await link.send(.get, url, link.bearer, pictures: 1)
    guard answer.head.status == 200 else { throw failure(answer, link) }
    guard let data = (try? JSONSlice.parse(answer.body))?["data"], data.kind == .array else {
      throw link.malformed("answered without a list of models")
    }
    return data.elements.compactMap { $0["id"]?.string }
  }

  private func failure(_ answer: ClientAnswer, _ link: ProviderLink) -> ImageFailure {
    let object = try? JSONSlice.parse(answer.body)
    return OpenRouterDecoder.failure(answer, object?["error"], link)
  }
}
