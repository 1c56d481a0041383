internal import HTTP
internal import OpenAIWire

/// Reads answers of Black Forest Labs (docs.bfl.ai/api_integration/errors).
enum BFLDecoder {
  /// The object of an answer.
  /// - Throws: `ImageFailure`, of the class that the status tells.
  static func object(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> JSONSlice {
    try link.object(answer) { link.failure(telling: answer, ProblemDetail($0).text) }
  }

  /// The state of a job that is over; nil where it is not.
  static func result(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> JSONSlice? {
    // `Task not found` comes with a status of 404, and with one of 200.
    if let state = try? JSONSlice.parse(answer.body), let status = state["status"]?.string,
      [200, 404].contains(answer.head.status)
    {
      return ends.contains(status) ? state : nil
    }
    _ = try object(answer, over: link)
    throw link.malformed("answered without the state of a job")
  }

  private static let ends = [
    "Ready", "Error", "Failed", "Request Moderated", "Content Moderated", "Task not found",
  ]

  /// The picture of a job that is over.
  /// - Throws: `ImageFailure`; refusals come as states.
  static func answer(
    _ state: JSONSlice, over link: ProviderLink
  ) throws(ImageFailure) -> ProviderAnswer {
    let status = state["status"]?.string
    let details = state["details"]
    switch status {
    case "Ready": break
    case "Request Moderated", "Content Moderated":
      let reasons =
        details?["Moderation Reasons"]?.elements.prefix(10).compactMap(\.string) ?? []
      let words = reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))"
      let subject = status == "Request Moderated" ? "request" : "picture"
      var failure = link.refused("the \(subject) was moderated\(words)")
      // A request is looked at before anything is drawn.
      failure.mayHaveBeenPaid = status == "Content Moderated"
      throw failure
    case "Task not found": throw link.malformed("does not know its own job any more")
    default: throw link.failed(details?["error"]?.string ?? details?.string)
    }
    guard let result = state["result"], let address = result["sample"]?.string else {
      throw link.malformed("answered without a picture")
    }
    let picture = ProviderPicture(address: address, seed: result["seed"]?.int)
    return ProviderAnswer(pictures: [picture])
  }

  /// What was billed, in US dollars: a credit is a cent (docs.bfl.ai/quick_start/pricing).
  static func cost(_ object: JSONSlice) -> Double? {
    object["cost"]?.double.map { $0 / 100 }
  }
}
