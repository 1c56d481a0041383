internal import HTTP
internal import OpenAIWire

/// Reads answers of OpenAI's images API.
enum OpenAIImagesDecoder {
  /// What an answer holds of one picture.
  enum Item {
    case bytes([UInt8], revisedPrompt: String?)
    case url(String, revisedPrompt: String?)
  }

  struct Answer {
    var items: [Item]
    var usage: [UInt8]?
  }

  /// - Throws: `ImageFailure`, of the class that status and code tell.
  static func decode(_ answer: ClientAnswer, provider: String) throws(ImageFailure) -> Answer {
    let object = try? JSONSlice.parse(answer.body)
    if answer.head.status != 200 || object?["error"].map({ !$0.isNull }) == true {
      throw failure(answer.head, object?["error"], provider)
    }
    guard let object, let data = object["data"], data.kind == .array else {
      throw ImageFailure(
        .malformed, "\(provider) answered without a list of pictures.", mayHaveBeenPaid: true)
    }
    var items: [Item] = []
    for entry in data.elements {
      let revised = entry["revised_prompt"]?.string
      if let text = entry["b64_json"], text.kind == .string {
        guard let bytes = Base64.decode(text.raw.dropFirst().dropLast()) else {
          throw ImageFailure(
            .malformed, "\(provider) answered with broken base64.", mayHaveBeenPaid: true)
        }
        items.append(.bytes(bytes, revisedPrompt: revised))
      } else if let url = entry["url"]?.string {
        items.append(.url(url, revisedPrompt: revised))
      }
    }
    guard !items.isEmpty else {
      throw ImageFailure(
        .malformed, "\(provider) answered without a picture.", mayHaveBeenPaid: true)
    }
    let usage = object["usage"].flatMap { $0.kind == .object ? Array($0.raw) : nil }
    return Answer(items: items, usage: usage)
  }

  private static func failure(
    _ head: ResponseHead, _ error: JSONSlice?, _ provider: String
  ) -> ImageFailure {
    let code = error?["code"]?.string
    let type = error?["type"]?.string
    let reason = error?["message"]?.string ?? "status \(head.status)"
    let kind = kind(head.status, code: code, type: type, message: reason)
    // Keys can stand in messages ("Incorrect API key provided: sk-..."), so those are not shown.
    let message =
      kind == .badKey
      ? "\(provider) refused the gateway's key." : "\(provider): \(reason.prefix(500))"
    return ImageFailure(
      kind, message, code: kind == .refused ? code : nil,
      retryAfter: RetryAfter.read(head.headers), mayHaveBeenPaid: head.status == 200)
  }

  private static func kind(
    _ status: Int, code: String?, type: String?, message: String
  ) -> ImageFailure.Kind {
    switch code {
    case "moderation_blocked", "content_policy_violation", "content_filter": return .refused
    case "insufficient_quota", "billing_hard_limit_reached": return .outOfCredit
    default: break
    }
    if type == "image_generation_user_error" { return .refused }
    if message.contains("organization must be verified") { return .badKey }
    switch status {
    case 401, 403: return .badKey
    case 402: return .outOfCredit
    case 404: return .notFound
    case 408, 504: return .timedOut
    case 413: return .tooLarge
    case 429: return .rateLimited
    case 400..<500: return .badRequest
    case 500...: return .overloaded
    default: return .malformed
    }
  }
}

/// When a server wants to be asked again (RFC 9110, section 10.2.3; `retry-after-ms` as OpenAI's
/// SDKs read it).
enum RetryAfter {
  static func read(_ headers: HeaderFields, now: Int = Clock.seconds) -> Duration? {
    if let text = headers["retry-after-ms"], let value = Double(text), value >= 0, value < 1e12 {
      return .milliseconds(Int64(value))
    }
    guard let text = headers["retry-after"] else { return nil }
    if let value = Double(text), value >= 0, value < 1e9 { return .seconds(value) }
    return HTTPDate(text).map { .seconds(max(0, $0.seconds - now)) }
  }
}
