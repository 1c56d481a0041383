internal import HTTP
internal import OpenAIWire

/// Reads answers of OpenRouter's chat and images APIs.
enum OpenRouterDecoder {
  static func decode(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> ProviderAnswer {
    let object = try? JSONSlice.parse(answer.body)
    if let error = object?["error"], !error.isNull { throw failure(answer, error, link) }
    guard answer.head.status == 200 else { throw failure(answer, nil, link) }
    let choice = object?["choices"]?.elements.first { _ in true }
    // What goes wrong once a model is at work comes with a 200.
    if let error = choice?["error"], !error.isNull { throw failure(answer, error, link) }
    let pictures: [ProviderPicture]
    if let choice {
      pictures = try Self.pictures(ofChoice: choice, link)
    } else if let data = object?["data"], data.kind == .array {
      pictures = try Self.pictures(ofData: data, link)
    } else {
      throw link.malformed("answered without choices or pictures")
    }
    let usage = object?["usage"].flatMap { $0.kind == .object ? $0 : nil }
    return ProviderAnswer(
      pictures: pictures, cost: usage?["cost"]?.double,
      // Chat's words, which the pipeline's bill does not know.
      usage: usage.map { UsageTotal.complete(Array($0.raw)) })
  }

  // MARK: Pictures

  private static func pictures(
    ofChoice choice: JSONSlice, _ link: ProviderLink
  ) throws(ImageFailure) -> [ProviderPicture] {
    let message = choice["message"]
    var pictures: [ProviderPicture] = []
    for image in message?["images"]?.elements.map({ $0 }) ?? [] {
      if let url = image["image_url"]?["url"], url.kind == .string {
        pictures.append(picture(url))
      }
    }
    guard pictures.isEmpty else { return pictures }
    if let reason = refusal(choice, message) {
      var failure = link.refused(reason, code: choice["native_finish_reason"]?.string)
      failure.mayHaveBeenPaid = true
      throw failure
    }
    let text = message?["content"]?.string?.prefix(200) ?? ""
    throw link.malformed(
      text.isEmpty ? "answered without a picture" : "answered in words alone: \(text)")
  }

  /// Why the model would not draw; nil where it does not say that it would not.
  private static func refusal(_ choice: JSONSlice, _ message: JSONSlice?) -> String? {
    if let text = message?["refusal"]?.string, !text.isEmpty { return text }
    let native = choice["native_finish_reason"]?.string ?? ""
    let upper = native.uppercased()
    guard
      choice["finish_reason"]?.string == "content_filter"
        || ["SAFETY", "PROHIBITED", "BLOCKLIST", "RECITATION"].contains(where: upper.contains)
    else { return nil }
    return "the picture was withheld (\(native.isEmpty ? "content_filter" : native))"
  }

  private static func pictures(
    ofData data: JSONSlice, _ link: ProviderLink
  ) throws(ImageFailure) -> [ProviderPicture] {
    var pictures: [ProviderPicture] = []
    for entry in data.elements {
      if let text = entry["b64_json"] ?? entry["url"], text.kind == .string {
        pictures.append(picture(text))
      }
    }
    guard !pictures.isEmpty else { throw link.malformed("answered without a picture") }
    return pictures
  }

  /// A picture as base64, as a `data:` URL, or at a URL.
  private static func picture(_ text: JSONSlice) -> ProviderPicture {
    let inside = text.raw.dropFirst().dropLast()
    if inside.starts(with: "https:".utf8), let url = text.string {
      return ProviderPicture(.url(url))
    }
    return ProviderPicture(base64: inside)
  }

  // MARK: Failures

  /// The failure of `{"code", "message", "metadata"}`, whose code is that of the status, or stands
  /// in its place in a 200 (openrouter.ai/docs/api/reference/errors-and-debugging).
  static func failure(
    _ answer: ClientAnswer, _ error: JSONSlice?, _ link: ProviderLink
  ) -> ImageFailure {
    let status = answer.head.status
    let code = error?["code"]?.int ?? status
    let kind = kind(status == 200 ? code : status, error)
    var failure = link.failure(answer, reason(error), kind: kind)
    if kind == .refused { failure.code = "moderation" }
    // A model that failed is not charged for, and OpenRouter says that it did.
    if error != nil, [500, 502].contains(status) { failure.mayHaveBeenPaid = false }
    return failure
  }

  private static func reason(_ error: JSONSlice?) -> String? {
    guard let message = error?["message"]?.string ?? error?.string else { return nil }
    let reasons = error?["metadata"]?["reasons"]?.elements.prefix(8).compactMap(\.string) ?? []
    return reasons.isEmpty ? message : "\(message) (\(reasons.joined(separator: ", ")))"
  }

  private static func kind(_ status: Int, _ error: JSONSlice?) -> ImageFailure.Kind {
    let metadata = error?["metadata"]
    if metadata?["reasons"] != nil || metadata?["flagged_input"] != nil { return .refused }
    if [400, 403, 422, 502].contains(status) {
      // The words of the provider behind it stand in `metadata.raw`.
      let words = metadata.map { String(decoding: $0.raw.prefix(4000), as: UTF8.self) }
      if [error?["message"]?.string, words].contains(where: ProviderReason.tellsOfPolicy) {
        return .refused
      }
    }
    return ImageFailure.Kind(status: status)
  }
}
