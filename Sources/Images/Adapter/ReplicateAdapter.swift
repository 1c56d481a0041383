internal import HTTP
internal import OpenAIWire

/// Replicate's predictions (replicate.com/docs/reference/http).
///
/// A model's name on the wire is `owner/name` for an official model, `deployments/owner/name`, or a
/// version: 64 hex digits, bare or behind `owner/name:`.
struct ReplicateAdapter: ImageAdapter {
  var cancelsJobs: Bool { true }

  /// Larger pictures are uploaded; below it a `data:` URI is what Replicate recommends
  /// (replicate.com/docs/topics/predictions/input-files).
  private static let inlineLimit = 256 * 1024

  func draw(
    _ job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    let encoder = ReplicateEncoder(job, files: try await files(of: job, over: link))
    var headers = authorization(link)
    // Long enough for the fast models; a slow one has its id, by which it can be cancelled, early.
    headers.set("prefer", "wait=5", orDrop: ())
    // Ends the job also where no answer has told its id. Five seconds is the least that is taken.
    headers.set("cancel-after", "\(max(5, link.remaining.components.seconds))s", orDrop: ())
    let target = ReplicateTarget(job.model.wireID)
    let reply = try await link.submit(
      link.url(target.path), headers, json: encoder.json(version: target.version),
      pictures: job.count
    ) { answer in
      (try? JSONSlice.parse(answer.body)).flatMap { cancellation(of: $0, over: link) }
    }
    let submitted = try ReplicateDecoder.prediction(reply, over: link)
    var prediction = submitted
    if !ReplicateDecoder.isOver(prediction) {
      let url = try link.url(named: prediction["urls"]?["get"]?.string)
      prediction = try await link.follow(
        url, authorization(link), every: .milliseconds(500),
        cancel: cancellation(of: prediction, over: link), pictures: job.count
      ) { (answer, _) throws(ImageFailure) -> JSONSlice? in
        let prediction = try ReplicateDecoder.prediction(answer, over: link)
        return ReplicateDecoder.isOver(prediction) ? prediction : nil
      }
    }
    var answer = try ReplicateDecoder.answer(prediction, to: job, over: link)
    answer.adjusted = encoder.adjusted
    return answer
  }

  private func authorization(_ link: ProviderLink) -> HeaderFields {
    ["authorization": "Bearer \(link.key)"]
  }

  private func cancellation(
    of prediction: JSONSlice, over link: ProviderLink
  ) -> JobCancellation? {
    guard !ReplicateDecoder.isOver(prediction),
      let url = try? link.url(named: prediction["urls"]?["cancel"]?.string)
    else { return nil }
    // The answer is the prediction as it is by then.
    return JobCancellation(ClientRequest(.post, url, headers: authorization(link))) {
      ReplicateDecoder.isTooLateToCancel($0) ? .done : .stopped
    }
  }

  // MARK: Pictures to change

  /// The pictures of an edit and its mask, as addresses.
  private func files(
    of job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ReplicateEncoder.Files {
    var files = ReplicateEncoder.Files()
    guard job.request.operation != .generate else { return files }
    for image in job.request.images {
      files.pictures.append(try await address(of: image, over: link))
    }
    if let mask = job.request.mask, job.model.capabilities.contains(.mask) {
      files.mask = try await address(of: mask, over: link)
    }
    return files
  }

  private func address(
    of image: InputImage, over link: ProviderLink
  ) async throws(ImageFailure) -> String {
    guard image.bytes.count > Self.inlineLimit else { return image.dataURI }
    var form = MultipartForm()
    form.append(
      "content", file: image.bytes, name: "picture.\(image.format.rawValue)",
      contentType: image.format.contentType)
    var headers = authorization(link)
    headers.set("content-type", form.contentType, orDrop: ())
    let answer = try await link.send(.post, link.url("files"), headers, body: form.finished())
    let file = try ReplicateDecoder.object(answer, over: link)
    guard let url = file["urls"]?["get"]?.string else {
      throw link.malformed("took a picture without telling where it is")
    }
    return url
  }

  // MARK: Key and models

  func checkKey(over link: ProviderLink) async throws(ImageFailure) {
    _ = try ReplicateDecoder.object(
      try await link.send(.get, link.url("account"), authorization(link)), over: link)
  }

  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]? {
    // All public models are tens of thousands; this collection is curated.
    let url = link.url("collections/text-to-image")
    let answer = try await link.send(.get, url, authorization(link))
    let collection = try ReplicateDecoder.object(answer, over: link)
    guard let models = collection["models"], models.kind == .array else {
      throw link.malformed("answered without a list of models")
    }
    return models.elements.compactMap { model in
      guard let owner = model["owner"]?.string, let name = model["name"]?.string else {
        return nil
      }
      return "\(owner)/\(name)"
    }
  }
}

/// Where a prediction of a model is created.
struct ReplicateTarget: Equatable {
  /// Below the base URL.
  let path: String
  /// What the body names as version; nil where the path says all.
  let version: String?

  /// Reads a model's name on the wire.
  init(_ wireID: String) {
    let last = wireID.split(separator: ":").last.map(String.init) ?? wireID
    if last.utf8.count == 64, last.allSatisfy({ $0.isASCII && $0.isHexDigit }) {
      path = "predictions"
      version = last
    } else if wireID.hasPrefix("deployments/") {
      path = "\(wireID)/predictions"
      version = nil
    } else {
      path = "models/\(wireID)/predictions"
      version = nil
    }
  }
}
