internal import HTTP
internal import OpenAIWire

/// Reads answers of fal.ai (docs.fal.ai/model-apis/errors).
enum FalDecoder {
  /// The object of an answer.
  /// - Throws: `ImageFailure`, of the class that status and detail tell.
  static func object(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> JSONSlice {
    try link.object(answer) { failure(answer, $0, link) }
  }

  /// What the answer to a cancelling says: a job that waits is taken out of the queue, but one that
  /// runs is only sent a signal, and the model's program decides how to stop
  /// (docs.fal.ai/documentation/development/handle-cancellations). Many go on to their end.
  static func outcome(ofCancelling answer: ClientAnswer) -> JobCancellation.Outcome {
    switch (try? JSONSlice.parse(answer.body))?["status"]?.string {
    case "ALREADY_COMPLETED": .done
    case "CANCELLATION_REQUESTED": .asked
    default: .stopped
    }
  }

  /// The `error_type` of a job that was cancelled, whose status is 499
  /// (docs.fal.ai/documentation/model-apis/request-errors).
  static let cancelled = "client_cancelled"

  /// The result of a job that is done, or its failure; nil where it is still on its way.
  /// - Throws: `ImageFailure`, where it is the question that has failed, not the job.
  static func result(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> Result<JSONSlice, ImageFailure>? {
    let status = answer.head.status
    if status == 202 { return nil }
    if status < 300 {
      let result = try object(answer, over: link)
      guard result["images"] != nil || result["image"] != nil else {
        throw link.malformed("answered without the result of a job")
      }
      return .success(result)
    }
    let problem = try? JSONSlice.parse(answer.body)
    var failure = failure(answer, problem, link)
    // A job's own failure has a detail; without one it is the failure of a server on the way.
    guard problem?["detail"] != nil, ![401, 403, 404, 429].contains(status) else { throw failure }
    // Failures of servers are not charged for (docs.fal.ai/model-apis/faq).
    failure.mayHaveBeenPaid = status < 500
    return .failure(failure)
  }

  /// The pictures of a result; those that the safety checker has blackened are left out.
  static func answer(
    _ result: JSONSlice, to job: ImageJob, over link: ProviderLink
  ) throws(ImageFailure) -> ProviderAnswer {
    var images = result["images"].map { Array($0.elements) } ?? []
    if images.isEmpty, let image = result["image"] { images = [image] }
    let flags = result["has_nsfw_concepts"].map { $0.elements.map { $0.bool ?? false } } ?? []
    var answer = ProviderAnswer(pictures: [])
    var withheld = 0
    for (index, image) in images.prefix(10).enumerated() {
      guard let url = image["url"]?.string else { continue }
      if index < flags.count, flags[index] {
        withheld += 1
      } else {
        answer.pictures.append(ProviderPicture(address: url, seed: result["seed"]?.int))
      }
    }
    if answer.pictures.isEmpty {
      guard withheld > 0 else { throw link.malformed("answered without a picture") }
      var failure = link.refused("the safety checker has withheld what was drawn")
      failure.mayHaveBeenPaid = true
      throw failure
    }
    if withheld > 0 {
      answer.adjusted.append("n: the safety checker has withheld \(withheld) of \(images.count)")
    }
    return answer
  }

  private static func failure(
    _ answer: ClientAnswer, _ object: JSONSlice?, _ link: ProviderLink
  ) -> ImageFailure {
    let detail = ProblemDetail(object)
    let text = detail.text ?? object?["message"]?.string
    if detail.types.contains("content_policy_violation") {
      var failure = link.failure(answer, text, kind: .refused)
      failure.code = "content_policy_violation"
      return failure
    }
    if object?["error_type"]?.isString(cancelled) == true {
      var failure = link.failure(answer, text, kind: .malformed)
      failure.code = cancelled
      return failure
    }
    if detail.types.contains("no_media_generated") {
      return link.failure(answer, text, kind: .malformed)
    }
    // `User is locked. Reason: Exhausted balance.` and `Reason: TOP_UP.` have the status of a bad key.
    if answer.head.status == 403, let text,
      text.contains("balance") || text.contains("TOP_UP")
    {
      return link.failure(answer, text, kind: .outOfCredit)
    }
    return link.failure(telling: answer, text)
  }
}
