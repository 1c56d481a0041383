internal import HTTP
internal import OpenAIWire

/// Reads answers of Leonardo.Ai (docs.leonardo.ai/docs/api-error-messages).
enum LeonardoDecoder {
  /// The object of an answer.
  /// - Throws: `ImageFailure`, of the class that the status and, where it is no help, the words tell.
  static func object(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> JSONSlice {
    let object = try link.object(answer) { failure(answer, $0, link) }
    if object["error"]?.isNull == false { throw failure(answer, object, link) }
    return object
  }

  /// The generation of an answer, where it is over; nil where it is not.
  static func result(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> JSONSlice? {
    let generation = try object(answer, over: link)["generations_by_pk"]
    guard let generation, let status = generation["status"]?.string else {
      throw link.malformed("does not know its own generation any more")
    }
    return ["COMPLETE", "FAILED"].contains(status) ? generation : nil
  }

  /// The pictures of a generation that is over; those that are flagged are left out
  /// (docs.leonardo.ai/docs/guide-to-handling-nsfw-image-generation).
  static func answer(
    _ generation: JSONSlice, over link: ProviderLink
  ) throws(ImageFailure) -> ProviderAnswer {
    let classes = moderation(of: generation)
    guard generation["status"]?.string == "COMPLETE" else {
      throw classes.isEmpty ? link.failed(nil) : refused("the prompt was moderated", classes, link)
    }
    let images = generation["generated_images"].map { Array($0.elements) } ?? []
    var answer = ProviderAnswer(pictures: [])
    var withheld = 0
    for image in images.prefix(10) {
      guard let url = image["url"]?.string else { continue }
      if image["nsfw"]?.bool == true {
        withheld += 1
      } else {
        answer.pictures.append(ProviderPicture(address: url, seed: generation["seed"]?.int))
      }
    }
    if answer.pictures.isEmpty {
      guard withheld > 0 || !classes.isEmpty else {
        throw link.malformed("answered without a picture")
      }
      throw refused("what was drawn is flagged as not safe for work", classes, link)
    }
    if withheld > 0 {
      answer.adjusted.append("n: \(withheld) of \(images.count) are flagged as not safe for work")
    }
    return answer
  }

  /// What was billed, in US dollars: told so, or in credits, whose price the provider's option
  /// `creditPrice` names in dollars.
  static func cost(_ job: JSONSlice, _ provider: ImageProvider) -> Double? {
    if let cost = job["cost"], ["USD", "DOLLARS"].contains(cost["unit"]?.string?.uppercased()) {
      return cost["amount"]?.double ?? cost["amount"]?.string.flatMap { Double($0) }
    }
    guard let credits = job["apiCreditCost"]?.double,
      let price = provider.options["creditPrice"].flatMap({ Double($0) }), price >= 0
    else { return nil }
    return credits * price
  }

  // MARK: Refusals and failures

  /// The classes that a prompt was sorted into.
  private static func moderation(of generation: JSONSlice) -> [String] {
    let entries = generation["prompt_moderations"] ?? generation["promptModerations"]
    return entries?.elements.prefix(10).flatMap { entry in
      (entry["moderationClassification"]?.elements.prefix(10)).map { $0.compactMap(\.string) } ?? []
    } ?? []
  }

  private static func refused(
    _ reason: String, _ classes: [String], _ link: ProviderLink
  ) -> ImageFailure {
    let words = classes.isEmpty ? "" : " (\(classes.joined(separator: ", ")))"
    var failure = link.refused(reason + words)
    failure.mayHaveBeenPaid = true
    return failure
  }

  /// Statuses are of little help here: a bad key and an empty account can come as a 400 or a 500.
  private static func failure(
    _ answer: ClientAnswer, _ object: JSONSlice?, _ link: ProviderLink
  ) -> ImageFailure {
    let error = object?["error"]
    let text = error?.string ?? error?["message"]?.string
    let words = (text ?? "").lowercased()
    func says(_ parts: String...) -> Bool { parts.contains { words.contains($0) } }
    var failure: ImageFailure
    if object?["code"]?.string == "access-denied"
      || says("authorization hook", "authentication hook")
    {
      failure = link.failure(answer, text, kind: .badKey)
    } else if says("not enough api tokens", "insufficient credit", "insufficient balance") {
      // The text names the user.
      failure = link.failure(answer, "the account has no tokens left", kind: .outOfCredit)
    } else if says("concurren", "too many requests", "rate limit") {
      failure = link.failure(telling: answer, text, kind: .rateLimited)
    } else if ContentRefusal.isNamed(in: words) {
      failure = link.failure(answer, text, kind: .refused)
    } else {
      return link.failure(telling: answer, text)
    }
    // Words that say why say also that nothing was made.
    failure.mayHaveBeenPaid = false
    return failure
  }
}
