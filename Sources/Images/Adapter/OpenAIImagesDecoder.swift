internal import HTTP
internal import OpenAIWire

/// Reads answers of OpenAI's images API.
enum OpenAIImagesDecoder {
  /// - Throws: `ImageFailure`, of the class that status and code tell.
  static func decode(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> ProviderAnswer {
    let object = try? JSONSlice.parse(answer.body)
    if answer.head.status != 200 || object?["error"].map({ !$0.isNull }) == true {
      throw failure(answer, object?["error"], link)
    }
    guard let object, let data = object["data"], data.kind == .array else {
      throw link.malformed("answered without a list of pictures")
    }
    var pictures: [ProviderPicture] = []
    for entry in data.elements where !isHeldBack(entry) {
      if let picture = picture(entry) { pictures.append(picture) }
    }
    guard !pictures.isEmpty else {
      // Azure leaves out the pictures that its filter holds back, and says why.
      if data.elements.contains(where: { isHeldBack($0) || isFiltered($0) }) {
        throw link.refused("the picture was held back by the content filter")
      }
      throw link.malformed("answered without a picture")
    }
    let usage = object["usage"].flatMap { $0.kind == .object ? $0 : nil }
    return ProviderAnswer(
      pictures: pictures, cost: usage.flatMap(cost), usage: usage.map { Array($0.raw) },
      look: PictureLook(object))
  }

  /// The picture of an entry of `data`, or of an event; nil where it holds none.
  static func picture(_ entry: JSONSlice) -> ProviderPicture? {
    let revised = entry["revised_prompt"]?.string
    if let text = entry["b64_json"], text.kind == .string, text.raw.count > 2 {
      return ProviderPicture(base64: text.raw.dropFirst().dropLast(), revisedPrompt: revised)
    }
    guard let url = entry["url"]?.string else { return nil }
    return ProviderPicture(.url(url), revisedPrompt: revised)
  }

  /// What was billed, where the answer says: OpenRouter's `cost` in dollars, xAI's in ticks of
  /// 10^-10 dollars (docs.x.ai/docs/api-reference).
  private static func cost(_ usage: JSONSlice) -> Double? {
    if let cost = usage["cost"]?.double { return cost }
    return usage["cost_in_usd_ticks"]?.double.map { $0 / 1e10 }
  }

  /// Whether an entry is one of xAI's that stands for a picture which did not pass its moderation;
  /// where such an entry has an address, there is no picture at it.
  private static func isHeldBack(_ entry: JSONSlice) -> Bool {
    entry["respect_moderation"]?.bool == false
  }

  private static func isFiltered(_ entry: JSONSlice) -> Bool {
    entry["content_filter_results"]?.members.contains { $0.value["filtered"]?.bool == true }
      ?? false
  }

  /// The failure that an error object tells of.
  static func failure(
    _ answer: ClientAnswer, _ error: JSONSlice?, _ link: ProviderLink
  ) -> ImageFailure {
    let reason = error?["message"]?.string ?? error?.string
    let kind = kind(answer.head.status, error)
    var failure = link.failure(answer, reason, kind: kind)
    if kind == .refused { failure.code = error?["code"]?.string }
    // Azure says "Please retry after 21 seconds", OpenAI "Please try again in 12s".
    if failure.retryAfter == nil, let reason { failure.retryAfter = SpokenDelay.find(in: reason) }
    return failure
  }

  /// Whether an error of the type that OpenAI gives to refusals is one: it gives it to complaints
  /// about fields, too, such as a model that does not exist.
  private static func isRefusal(_ error: JSONSlice?, _ message: String) -> Bool {
    guard error?["type"]?.isString("image_generation_user_error") == true else { return false }
    if ContentRefusal.isNamed(in: message) { return true }
    let isOfField =
      error?["param"]?.string != nil || error?["code"]?.string?.hasPrefix("invalid") == true
    return !isOfField && !(message.contains("model") && message.contains("does not exist"))
  }

  /// The class of failure that a status and an error object tell of.
  static func kind(_ status: Int, _ error: JSONSlice?) -> ImageFailure.Kind {
    let message = error?["message"]?.string ?? error?.string ?? ""
    // DALL-E on Azure: learn.microsoft.com/azure/ai-services/openai/concepts/content-filter
    let inner = error?["inner_error"] ?? error?["innererror"]
    if inner?["code"]?.isString("ResponsibleAIPolicyViolation") == true { return .refused }
    switch error?["code"]?.string {
    // Azure says `contentFilter` for DALL-E (learn.microsoft.com/azure/ai-services/openai).
    case "moderation_blocked", "content_policy_violation", "content_filter", "contentFilter":
      return .refused
    case "insufficient_quota", "billing_hard_limit_reached": return .outOfCredit
    case "model_not_found": return .notFound
    default: break
    }
    if isRefusal(error, message) { return .refused }
    // No other field of a request is the gateway's choice.
    if status < 500, error?["param"]?.isString("model") == true { return .notFound }
    if message.contains("organization must be verified") { return .badKey }
    if WordedError.tellsOfKey(status, message) { return .badKey }
    if error?.kind == .string, let kind = WordedError.kind(status, message) { return kind }
    return ImageFailure.Kind(status: status)
  }
}
