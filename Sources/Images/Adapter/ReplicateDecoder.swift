internal import HTTP
internal import OpenAIWire

/// Reads predictions and problems of Replicate.
enum ReplicateDecoder {
  /// The object of an answer.
  /// - Throws: `ImageFailure`, of the class that the status and the problem's title tell.
  static func object(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> JSONSlice {
    try link.object(answer) { failure(answer, $0, link) }
  }

  /// The prediction of an answer, done or not.
  static func prediction(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> JSONSlice {
    let prediction = try object(answer, over: link)
    guard prediction["status"]?.string != nil else {
      throw link.malformed("answered without a prediction")
    }
    return prediction
  }

  /// Whether nothing more will come of a prediction.
  static func isOver(_ prediction: JSONSlice) -> Bool {
    ["succeeded", "failed", "canceled", "aborted"].contains(prediction["status"]?.string)
  }

  /// Whether the answer to a cancelling leaves a prediction that has made its pictures, or may make
  /// them still: it says how the prediction stands, or refuses to cancel it.
  static func isTooLateToCancel(_ answer: ClientAnswer) -> Bool {
    switch answer.head.status {
    case 200..<300: (try? JSONSlice.parse(answer.body))?["status"]?.string == "succeeded"
    case 429: false
    case let status: (400..<500).contains(status)
    }
  }

  /// The pictures of a prediction that is over.
  /// - Throws: `ImageFailure`; models raise refusals as errors whose text alone tells them.
  static func answer(
    _ prediction: JSONSlice, to job: ImageJob, over link: ProviderLink
  ) throws(ImageFailure) -> ProviderAnswer {
    guard prediction["status"]?.string == "succeeded" else {
      if prediction["status"]?.string == "failed" {
        throw link.failed(prediction["error"]?.string)
      }
      throw link.failed("it was cancelled there")
    }
    var addresses: [String] = []
    if let output = prediction["output"] {
      if let address = output.string { addresses = [address] }
      addresses += output.elements.compactMap(\.string)
    }
    guard !addresses.isEmpty else { throw link.malformed("answered without a picture") }
    var answer = ProviderAnswer(pictures: [])
    let seed = seed(of: prediction)
    for address in addresses.prefix(10) {
      answer.pictures.append(ProviderPicture(address: address, seed: seed))
    }
    if case .perSecond(let price, _) = job.model.pricing.scheme {
      answer.cost = prediction["metrics"]?["predict_time"]?.double.map { $0 * price }
    }
    return answer
  }

  /// The seed that was asked for, or that the model has logged (`Using seed: 42`).
  private static func seed(of prediction: JSONSlice) -> Int? {
    if let seed = prediction["input"]?["seed"]?.int { return seed }
    guard let logs = prediction["logs"]?.string?.lowercased(),
      let label = logs.firstRange(of: "seed: ")
    else { return nil }
    return Int(logs[label.upperBound...].prefix { $0.isASCII && $0.isNumber })
  }

  private static func failure(
    _ answer: ClientAnswer, _ problem: JSONSlice?, _ link: ProviderLink
  ) -> ImageFailure {
    let title = problem?["title"]?.string
    let detail = problem?["detail"]?.string
    let reason = detail ?? title
    // A 422 for a version that is gone, or is another's: another provider can still draw.
    if answer.head.status == 422, "\(title ?? "") \(detail ?? "")".contains("nvalid version") {
      return link.failure(answer, reason, kind: .notFound)
    }
    return link.failure(telling: answer, reason)
  }
}
