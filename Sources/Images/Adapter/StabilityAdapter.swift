internal import EventLoop
internal import HTTP
internal import OpenAIWire

/// Stability's v2beta image services: Core, Ultra, Stable Diffusion 3 and Inpaint
/// (platform.stability.ai/docs/api-reference).
struct StabilityAdapter: ImageAdapter {
  func draw(
    _ job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    var job = job
    job.request.mask = try await mask(of: job, over: link)
    guard let request = StabilityEncoder(job) else {
      throw ImageFailure(
        .notFound, "\(job.model.name) has no \(job.request.operation.rawValue) of that kind.")
    }
    var headers = link.bearer
    headers.set("content-type", request.form.contentType, orDrop: ())
    headers.set("accept", "application/json", orDrop: ())
    let reply = try await link.send(
      .post, link.url(request.service.path), headers, body: request.form.finished(), pays: true,
      pictures: 1)
    var answer = try Self.decode(reply, over: link)
    answer.adjusted = request.adjusted
    return answer
  }

  /// The mask in black and white, as Inpaint wants it.
  private func mask(
    of job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> InputImage? {
    guard let mask = job.request.mask, job.model.capabilities.contains(.mask) else {
      return job.request.mask
    }
    let converted: InputImage?
    do {
      converted = try await link.client.loop.offload { mask.whiteOnBlack() }
    } catch {
      throw ImageFailure(.overloaded, "the mask could not be read: \(error)")
    }
    guard let converted else {
      throw ImageFailure(
        .badRequest, "The mask must be a PNG of 8 bits a channel that is not interlaced.",
        code: "invalid_mask")
    }
    return converted
  }

  static func decode(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> ProviderAnswer {
    guard answer.head.status == 200 else { throw failure(answer, link) }
    guard let object = try? JSONSlice.parse(answer.body), object.kind == .object else {
      throw link.malformed("answered without JSON")
    }
    // The picture is there, but blurred, and made: a 200 that is a refusal.
    if object["finish_reason"]?.string == "CONTENT_FILTERED" {
      var failure = link.refused(
        "the picture was withheld by the content filter", code: "CONTENT_FILTERED")
      failure.mayHaveBeenPaid = true
      throw failure
    }
    guard let text = object["image"], text.kind == .string, text.raw.count > 2 else {
      throw link.malformed("answered without a picture")
    }
    guard let bytes = Base64.decode(text.raw.dropFirst().dropLast()) else {
      throw link.malformed("answered with broken base64")
    }
    return ProviderAnswer(pictures: [ProviderPicture(.bytes(bytes), seed: object["seed"]?.int)])
  }

  /// The failure of `{"id", "name", "errors"}`.
  private static func failure(_ answer: ClientAnswer, _ link: ProviderLink) -> ImageFailure {
    let object = try? JSONSlice.parse(answer.body)
    let name = object?["name"]?.string
    let kind: ImageFailure.Kind? =
      switch name {
      case "content_moderation", "content_filtered": .refused
      case "payment_required": .outOfCredit
      default: nil
      }
    var failure = link.failure(answer, ProviderReason.read(object) ?? name, kind: kind)
    if failure.kind == .refused { failure.code = name }
    // Over 150 requests in 10 seconds, all are turned away for a minute.
    if failure.kind == .rateLimited, failure.retryAfter == nil { failure.retryAfter = .seconds(60) }
    return failure
  }

  func checkKey(over link: ProviderLink) async throws(ImageFailure) {
    let answer = try await link.send(.get, link.url("v1/user/balance"), link.bearer)
    guard answer.head.status == 200 else { throw Self.failure(answer, link) }
  }

  /// There is a list of engines, but of the first API, not of this one.
  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]? { nil }
}
