internal import HTTP
internal import OpenAIWire

/// Together's images API, which has OpenAI's answers but parameters of its own
/// (docs.together.ai/reference/post-images-generations).
struct TogetherAdapter: ImageAdapter {
  func draw(
    _ job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    let request = TogetherEncoder(job)
    let reply = try await link.post(
      link.url("images/generations"), link.bearer, json: request.body, pays: true,
      pictures: job.count)
    var answer = try Self.decode(reply, over: link)
    answer.adjusted = request.adjusted
    return answer
  }

  static func decode(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> ProviderAnswer {
    guard answer.head.status == 200 else { throw failure(answer, link) }
    return try OpenAIImagesDecoder.decode(answer, over: link)
  }

  /// The failure of a status, as docs.together.ai/docs/error-codes has them.
  private static func failure(_ answer: ClientAnswer, _ link: ProviderLink) -> ImageFailure {
    let object = try? JSONSlice.parse(answer.body)
    let error = object?["error"]
    let code = error?["code"]?.string
    let reason = ProviderReason.read(object)
    var failure = link.failure(
      answer, reason, kind: kind(answer.head.status, code, error?["type"]?.string, reason))
    if failure.kind == .refused { failure.code = code }
    if failure.kind == .rateLimited, failure.retryAfter == nil,
      let text = answer.head.headers["x-ratelimit-reset"], let seconds = Double(text),
      (0..<86_400).contains(seconds)
    {
      failure.retryAfter = .seconds(seconds)
    }
    return failure
  }

  private static func kind(
    _ status: Int, _ code: String?, _ type: String?, _ reason: String?
  ) -> ImageFailure.Kind? {
    switch status {
    case 400, 403, 422:
      if [code, type, reason].contains(where: { ProviderReason.tellsOfPolicy($0) }) {
        return .refused
      }
      // Such a model runs only on machines that are hired for it.
      if code == "model_not_available" { return .notFound }
      // A 403 is a request that is too long; a key without rights is told by its type.
      return type == "authorization_error" || code == "invalid_api_key" ? .badKey : .badRequest
    default: return nil
    }
  }

  func checkKey(over link: ProviderLink) async throws(ImageFailure) {
    _ = try await listModels(over: link)
  }

  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]? {
    let answer = try await link.send(.get, link.url("models"), link.bearer)
    guard answer.head.status == 200 else { throw Self.failure(answer, link) }
    let object = try? JSONSlice.parse(answer.body)
    guard let list = object?["data"] ?? object, list.kind == .array else {
      throw link.malformed("answered without a list of models")
    }
    return list.elements.filter { $0["type"]?.string == "image" }.compactMap { $0["id"]?.string }
  }
}
