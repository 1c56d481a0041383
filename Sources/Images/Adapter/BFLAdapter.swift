internal import HTTP
internal import OpenAIWire

/// Black Forest Labs (docs.bfl.ai/quick_start/generating_images): a model's name on the wire is its
/// endpoint, such as `flux-2-pro`, and the base URL `https://api.bfl.ai/v1`. One picture a call;
/// a job cannot be cancelled.
struct BFLAdapter: ImageAdapter {
  /// Where a job may be asked for: regions have hosts of their own.
  private static let hosts = [".bfl.ai"]

  func draw(
    _ job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    let encoder = BFLEncoder(job)
    let reply = try await link.submit(
      link.url(job.model.wireID), authorization(link), json: encoder.json(), pictures: 0
    ) { _ in nil }
    let submitted = try BFLDecoder.object(reply, over: link)
    let url = try link.url(named: submitted["polling_url"]?.string, hosts: Self.hosts)
    let result = try await link.follow(
      url, authorization(link), every: .seconds(1), cancel: nil
    ) { (answer, _) throws(ImageFailure) -> JSONSlice? in
      try BFLDecoder.result(answer, over: link)
    }
    var answer = try BFLDecoder.answer(result, over: link)
    answer.cost = BFLDecoder.cost(result) ?? BFLDecoder.cost(submitted)
    answer.adjusted = encoder.adjusted
    return answer
  }

  private func authorization(_ link: ProviderLink) -> HeaderFields { ["x-key": link.key] }

  func checkKey(over link: ProviderLink) async throws(ImageFailure) {
    let answer = try await link.send(.get, link.url("credits"), authorization(link))
    _ = try BFLDecoder.object(answer, over: link)
  }

  /// There is no list of models.
  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]? { nil }
}
