internal import HTTP
internal import OpenAIWire

/// Reads the errors of Google's APIs (cloud.google.com/apis/design/errors,
/// ai.google.dev/gemini-api/docs/troubleshooting), whose class is in the body more than in the
/// status: a wrong key is a 400.
enum GoogleFailure {
  static func read(_ answer: ClientAnswer, _ link: ProviderLink) -> ImageFailure {
    let body = try? JSONSlice.parse(answer.body)
    // Answers to streaming calls come as an array.
    let error = body?["error"] ?? body?[0]?["error"]
    let message = error?["message"]?.string ?? ""
    let details = GoogleDetails(error?["details"])
    let kind = kind(
      answer.head.status, error?["status"]?.string ?? "", message.lowercased(), details)
    var failure = link.failure(answer, message.isEmpty ? nil : message, kind: kind)
    if failure.retryAfter == nil, kind == .rateLimited || kind == .overloaded {
      failure.retryAfter = details.retryDelay ?? SpokenDelay.find(in: message)
    }
    return failure
  }

  private static func kind(
    _ httpStatus: Int, _ status: String, _ message: String, _ details: GoogleDetails
  ) -> ImageFailure.Kind {
    func says(_ phrases: String...) -> Bool { phrases.contains { message.contains($0) } }
    switch status {
    case "INVALID_ARGUMENT", "FAILED_PRECONDITION":
      if details.reasons.contains("API_KEY_INVALID") || says("api key not valid", "api key expired")
      {
        return .badKey
      }
      if says("billed users", "billing") { return .outOfCredit }
      // Imagen on Vertex refuses a prompt so.
      if says("responsible ai", "safety filter", "sensitive words", "usage guidelines", "violat") {
        return .refused
      }
      return says("location is not supported") ? .notFound : .badRequest
    case "UNAUTHENTICATED": return .badKey
    case "PERMISSION_DENIED":
      return details.reasons.contains("BILLING_DISABLED") || says("enable billing")
        ? .outOfCredit : .badKey
    case "RESOURCE_EXHAUSTED": return isSpent(message, details) ? .outOfCredit : .rateLimited
    case "DEADLINE_EXCEEDED": return .timedOut
    case "UNAVAILABLE", "INTERNAL": return .overloaded
    case "NOT_FOUND": return .notFound
    default: return ImageFailure.Kind(status: httpStatus)
    }
  }

  /// Whether a quota will not be refilled within minutes: that of a day, one of nothing, or credit
  /// that is used up. Words alone do not tell, since every limit says "exceeded your current quota";
  /// but one that is refilled says when.
  private static func isSpent(_ message: String, _ details: GoogleDetails) -> Bool {
    if details.hasDailyOrNoQuota { return true }
    if ["limit: 0,", "credits are depleted", "spending cap"].contains(where: message.contains) {
      return true
    }
    return message.contains("exceeded your current quota")
      && details.retryDelay == nil && SpokenDelay.find(in: message) == nil
  }
}

/// What `details` of an error says (google.rpc: ErrorInfo, QuotaFailure, RetryInfo).
private struct GoogleDetails {
  private(set) var reasons: Set<String> = []
  private(set) var retryDelay: Duration?
  private(set) var hasDailyOrNoQuota = false

  /// Details that are read.
  private static let limit = 32

  init(_ details: JSONSlice?) {
    guard let details else { return }
    for detail in details.elements.prefix(Self.limit) {
      if let reason = detail["reason"]?.string { reasons.insert(reason) }
      if let delay = detail["retryDelay"]?.string { retryDelay = SpokenDelay.read(delay) }
      guard let violations = detail["violations"] else { continue }
      for violation in violations.elements.prefix(Self.limit)
      where violation["quotaId"]?.string?.contains("PerDay") == true
        || violation["quotaValue"]?.isString("0") == true
      {
        hasDailyOrNoQuota = true
      }
    }
  }
}
