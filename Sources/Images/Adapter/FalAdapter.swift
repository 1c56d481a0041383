internal import HTTP
internal import OpenAIWire

/// The queue of fal.ai (docs.fal.ai/model-apis/model-endpoints/queue): a model's name on the wire is
/// its endpoint, such as `fal-ai/flux/dev`, and the base URL `https://queue.fal.run`.
struct FalAdapter: ImageAdapter {
  var cancelsJobs: Bool { true }

  /// Where the addresses of a job may point.
  private static let hosts = [".fal.run"]

  func draw(
    _ job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    let encoder = FalEncoder(job)
    var headers = authorization(link)
    // A job that has not begun by then is dropped, also where no answer has told its address.
    headers.set(
      "x-fal-request-timeout", "\(max(1, link.remaining.components.seconds))", orDrop: ())
    let reply = try await link.submit(
      link.url(encoder.endpoint), headers, json: encoder.json(), pictures: 0
    ) { answer in
      (try? JSONSlice.parse(answer.body)).flatMap { cancellation(of: $0, over: link) }
    }
    let submitted = try FalDecoder.object(reply, over: link)
    // The status of an endpoint's job stands under its owner and app, so no address is made up here.
    let status = try link.url(named: submitted["status_url"]?.string, hosts: Self.hosts)
    let response = try link.url(named: submitted["response_url"]?.string, hosts: Self.hosts)
    let cancel = cancellation(of: submitted, over: link)
    try await link.follow(
      status, authorization(link), every: .milliseconds(500), cancel: cancel
    ) { (answer, _) throws(ImageFailure) -> Void? in
      let status = try FalDecoder.object(answer, over: link)
      return status["status"]?.string == "COMPLETED" ? () : nil
    }
    let result = try await link.finishing { () throws(ImageFailure) in
      try await link.follow(
        response, authorization(link), every: .milliseconds(500), cancel: nil, pictures: job.count
      ) { (answer, _) throws(ImageFailure) -> Result<JSONSlice, ImageFailure>? in
        try FalDecoder.result(answer, over: link)
      }
    }
    if cancel?.isSent == true, case .failure(let failure) = result,
      failure.code == FalDecoder.cancelled
    {
      throw Task.isCancelled ? ProviderLink.cancelled : link.timedOut
    }
    var answer = try FalDecoder.answer(try result.get(), to: job, over: link)
    answer.adjusted += encoder.adjusted
    return answer
  }

  private func authorization(_ link: ProviderLink) -> HeaderFields {
    ["authorization": "Key \(link.key)"]
  }

  private func cancellation(of job: JSONSlice, over link: ProviderLink) -> JobCancellation? {
    guard let url = try? link.url(named: job["cancel_url"]?.string, hosts: Self.hosts) else {
      return nil
    }
    return JobCancellation(ClientRequest(.put, url, headers: authorization(link))) {
      FalDecoder.outcome(ofCancelling: $0)
    }
  }

  // MARK: Key and models

  /// The price of a model is told to keys only (docs.fal.ai/platform-apis/v1/models/pricing).
  func checkKey(over link: ProviderLink) async throws(ImageFailure) {
    let endpoint = link.provider.models.first?.wireID ?? "fal-ai/flux/dev"
    let url = platform("models/pricing?endpoint_id=\(endpoint)", link)
    let answer = try await link.send(.get, url, authorization(link))
    // A model that has no price says nothing against the key.
    if answer.head.status != 404 { _ = try FalDecoder.object(answer, over: link) }
  }

  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]? {
    let url = platform("models?category=text-to-image&status=active&limit=100", link)
    let answer = try await link.send(.get, url, authorization(link))
    let list = try FalDecoder.object(answer, over: link)
    guard let models = list["models"], models.kind == .array else {
      throw link.malformed("answered without a list of models")
    }
    return models.elements.compactMap { $0["endpoint_id"]?.string }
  }

  /// The catalog is not behind the queue, but at an address of its own, which the provider's option
  /// `platformURL` overrides.
  private func platform(_ path: String, _ link: ProviderLink) -> HTTPURL {
    let isPublic = link.provider.baseURL.host.hasSuffix(".fal.run")
    let text =
      link.provider.options["platformURL"] ?? (isPublic ? "https://api.fal.ai/v1" : nil)
    if let text, let url = try? HTTPURL(text) { return url.appending(path: path) }
    return link.url(path)
  }
}
