internal import HTTP

/// Tells a refusal of the content by the words of a failure, for providers that have no code for it.
enum ContentRefusal {
  /// In lower case; none is the name of a parameter, such as `safety_tolerance`, which complaints
  /// about a request name too.
  private static let words = [
    "nsfw", "not safe for work", "unsafe content", "flagged", "moderated", "content moderation",
    "moderation_blocked", "moderation filter", "moderation system", "safety checker",
    "safety filter", "safety system", "safety policy", "sensitive content", "sensitive words",
    "content policy", "content_policy", "usage policy", "prohibited", "inappropriate", "violat",
  ]

  /// Whether a failure's text speaks of refused content.
  static func isNamed(in text: String) -> Bool {
    let text = text.lowercased()
    return words.contains { text.contains($0) }
  }
}

extension RetryAfter {
  /// The pause that a sentence names, such as `Your rate limit resets in ~30s.` or `Expected
  /// available in 1 second.`; nil where there is none, or it is longer than a day.
  static func read(words text: String) -> Duration? {
    let text = text.lowercased()
    for lead in ["resets in ", "available in ", "try again in ", "retry after ", "retry in "] {
      guard let start = text.firstRange(of: lead) else { continue }
      let rest = text[start.upperBound...].drop { $0 == "~" }
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      guard let value = Double(digits), value >= 0, value <= 86_400 else { continue }
      let unit = rest.dropFirst(digits.count).drop { $0 == " " }
      if unit.hasPrefix("ms") { return .milliseconds(Int64(value)) }
      if unit.hasPrefix("m") { return .seconds(value * 60) }
      if unit.hasPrefix("s") { return .seconds(value) }
    }
    return nil
  }
}

extension ProviderLink {
  /// The failure that a status and its words tell of: like `failure(_:_:kind:)`, with the pause that
  /// stands in the words, and refusals known by theirs.
  func failure(
    telling answer: ClientAnswer, _ reason: String?, kind: ImageFailure.Kind? = nil
  ) -> ImageFailure {
    var kind = kind ?? ImageFailure.Kind(status: answer.head.status)
    if let reason, kind == .badRequest, ContentRefusal.isNamed(in: reason) { kind = .refused }
    var failure = failure(answer, reason, kind: kind)
    if let reason, kind == .rateLimited || kind == .overloaded {
      failure.retryAfter = failure.retryAfter ?? RetryAfter.read(words: reason)
    }
    return failure
  }
}
