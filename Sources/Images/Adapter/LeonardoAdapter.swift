internal import HTTP
internal import OpenAIWire

/// Leonardo.Ai (docs.leonardo.ai/reference/creategeneration): a model's name on the wire is its id,
/// and the base URL `https://cloud.leonardo.ai/api/rest/v1`. A generation cannot be cancelled, and
/// pictures are not changed: those would first have to be uploaded to a store of theirs.
struct LeonardoAdapter: ImageAdapter {
  func draw(
    _ job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    guard job.request.operation == .generate else {
      throw ImageFailure(.badRequest, "\(job.model.id) changes no pictures.")
    }
    let encoder = LeonardoEncoder(job)
    let reply = try await link.submit(
      link.url("generations"), authorization(link), json: encoder.json(), pictures: 0
    ) { _ in nil }
    let submitted = try LeonardoDecoder.object(reply, over: link)["sdGenerationJob"]
    guard let id = submitted?["generationId"]?.string, Self.isPlain(id) else {
      throw link.malformed("answered without the id of a generation")
    }
    let generation = try await link.follow(
      link.url("generations/\(id)"), authorization(link), every: .seconds(2), cancel: nil
    ) { (answer, _) throws(ImageFailure) -> JSONSlice? in
      try LeonardoDecoder.result(answer, over: link)
    }
    var answer = try LeonardoDecoder.answer(generation, over: link)
    answer.cost = submitted.flatMap { LeonardoDecoder.cost($0, link.provider) }
    answer.adjusted += encoder.adjusted
    return answer
  }

  private func authorization(_ link: ProviderLink) -> HeaderFields {
    ["authorization": "Bearer \(link.key)"]
  }

  /// Whether an id can stand in a path.
  private static func isPlain(_ id: String) -> Bool {
    (1...64).contains(id.utf8.count)
      && id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
  }

  // MARK: Key and models

  func checkKey(over link: ProviderLink) async throws(ImageFailure) {
    let answer = try await link.send(.get, link.url("me"), authorization(link))
    _ = try LeonardoDecoder.object(answer, over: link)
  }

  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]? {
    let answer = try await link.send(.get, link.url("platformModels"), authorization(link))
    let list = try LeonardoDecoder.object(answer, over: link)
    guard let models = list["custom_models"], models.kind == .array else {
      throw link.malformed("answered without a list of models")
    }
    return models.elements.compactMap { $0["id"]?.string }
  }
}
