internal import HTTP
internal import OpenAIWire

/// Reads answers of Fireworks' image workflows.
enum FireworksDecoder {
  /// `{"id", "base64": [...], "finishReason", "seed"}`, or the picture itself where the server does
  /// not heed that JSON was asked for.
  static func decode(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> ProviderAnswer {
    guard answer.head.status == 200 else { throw failure(answer, link) }
    let headers = answer.head.headers
    if ImageFormat(sniffing: answer.body) != nil {
      try check(headers["finish-reason"], over: link)
      let seed = headers["seed"].flatMap { Int($0) }
      return ProviderAnswer(pictures: [ProviderPicture(.bytes(answer.body), seed: seed)])
    }
    guard let object = try? JSONSlice.parse(answer.body), object.kind == .object else {
      throw link.malformed("answered without JSON")
    }
    try check(object["finishReason"]?.string, over: link)
    let seed = object["seed"]?.int
    var pictures: [ProviderPicture] = []
    for text in object["base64"]?.elements.map({ $0 }) ?? [] where text.kind == .string {
      pictures.append(ProviderPicture(base64: text.raw.dropFirst().dropLast(), seed: seed))
    }
    guard !pictures.isEmpty else { throw link.malformed("answered without a picture") }
    return ProviderAnswer(pictures: pictures)
  }

  /// A picture that the filter blocks comes as a 200, blank.
  private static func check(
    _ reason: String?, over link: ProviderLink
  ) throws(ImageFailure) {
    guard let reason, reason != "SUCCESS" else { return }
    guard reason == "CBLOCKED" || reason == "CONTENT_FILTERED" else {
      throw link.malformed("made no picture (\(reason.prefix(40)))")
    }
    var failure = link.refused("the picture was withheld by the content filter", code: reason)
    failure.mayHaveBeenPaid = true
    throw failure
  }

  // MARK: Jobs

  /// The job that a request for Kontext has started.
  static func jobID(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> String {
    guard answer.head.status == 200 else { throw failure(answer, link) }
    guard let id = (try? JSONSlice.parse(answer.body))?["request_id"]?.string, !id.isEmpty else {
      throw link.malformed("answered without a job")
    }
    return id
  }

  /// `{"id", "status", "result": {"sample"}}`, in the words of Black Forest Labs' API; nil while
  /// the job is not over.
  /// - Throws: `ImageFailure`, where it is the question that has failed, not the job.
  static func decodeJob(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> JSONSlice? {
    guard answer.head.status == 200 else { throw failure(answer, link) }
    guard let object = try? JSONSlice.parse(answer.body), let status = object["status"]?.string
    else { throw link.malformed("answered without the state of a job") }
    return ["Pending", "Queued", "Processing"].contains(status) ? nil : object
  }

  /// The picture of a job that is over.
  static func answer(
    ofJob object: JSONSlice, over link: ProviderLink
  ) throws(ImageFailure) -> ProviderAnswer {
    let result = object["result"]
    switch object["status"]?.string {
    case "Ready":
      guard let sample = result?["sample"], let text = sample.string else {
        throw link.malformed("answered without a picture")
      }
      let seed = result?["seed"]?.int
      let picture =
        text.hasPrefix("http")
        ? ProviderPicture(.url(text), seed: seed)
        : ProviderPicture(base64: sample.raw.dropFirst().dropLast(), seed: seed)
      return ProviderAnswer(pictures: [picture])
    case "Request Moderated": throw link.refused("the request was moderated", code: "moderated")
    case "Content Moderated":
      var failure = link.refused("the picture was moderated", code: "moderated")
      failure.mayHaveBeenPaid = true
      throw failure
    case let status:
      throw link.malformed("made no picture (\((status ?? "no status").prefix(40)))")
    }
  }

  // MARK: Failures

  /// The failure of a status (docs.fireworks.ai/guides/inference-error-codes).
  static func failure(_ answer: ClientAnswer, _ link: ProviderLink) -> ImageFailure {
    let object = try? JSONSlice.parse(answer.body)
    let reason = ProviderReason.read(object)
    let code = object?["error"]?["code"]?.string
    var kind: ImageFailure.Kind?
    switch answer.head.status {
    case 400, 403, 422:
      if ProviderReason.tellsOfPolicy(code) || ProviderReason.tellsOfPolicy(reason) {
        kind = .refused
      }
    // An account that is suspended, for bills or for its limit of spending.
    case 412: kind = .outOfCredit
    default: break
    }
    var failure = link.failure(answer, reason, kind: kind)
    if failure.kind == .refused { failure.code = code }
    return failure
  }
}
