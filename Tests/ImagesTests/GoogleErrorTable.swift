@testable import Images

/// Errors of Google's APIs, as they are documented and seen.
enum GoogleErrorTable {
  private static func error(
    _ code: Int, _ status: String, _ message: String, _ details: String = ""
  ) -> String {
    #"{"error":{"code":\#(code),"message":"\#(message)","status":"\#(status)","details":[\#(details)]}}"#
  }

  private static func reason(_ reason: String) -> String {
    #"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"\#(reason)"}"#
  }

  private static func quota(_ id: String, _ value: String) -> String {
    #"{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":["#
      + #"{"quotaId":"\#(id)","quotaValue":"\#(value)"}]}"#
  }

  private static let retry =
    #"{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.4s"}"#
  private static let exceeded =
    "You exceeded your current quota, please check your plan and billing details."

  static let all: [ProbeCase] = [
    .answer(
      400,
      error(400, "INVALID_ARGUMENT", "API key not valid.", reason("API_KEY_INVALID")), .badKey),
    .answer(400, error(400, "INVALID_ARGUMENT", "API key expired. Please renew it."), .badKey),
    .answer(401, error(401, "UNAUTHENTICATED", "Expected OAuth 2 access token."), .badKey),
    .answer(
      403, error(403, "PERMISSION_DENIED", "Your API key was reported as leaked."), .badKey),
    .answer(403, error(403, "PERMISSION_DENIED", "x", reason("BILLING_DISABLED")), .outOfCredit),
    .answer(
      400,
      error(400, "INVALID_ARGUMENT", "Imagen API is only accessible to billed users at this time."),
      .outOfCredit),
    .answer(
      400,
      error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
      .notFound),
    .answer(400, error(400, "INVALID_ARGUMENT", "Unknown name."), .badRequest),
    .answer(
      400,
      error(
        400, "INVALID_ARGUMENT",
        "The prompt contains sensitive words that violate Google's Responsible AI practices."),
      .refused),
    .answer(
      429,
      error(429, "RESOURCE_EXHAUSTED", exceeded, quota("RequestsPerMinute", "10") + "," + retry),
      .rateLimited, retryAfter: .seconds(34.4)),
    .answer(
      429, error(429, "RESOURCE_EXHAUSTED", exceeded + " Please retry in 21.5s."), .rateLimited,
      retryAfter: .seconds(21.5)),
    .answer(
      429, error(429, "RESOURCE_EXHAUSTED", "Resource exhausted. Please try again later."),
      .rateLimited),
    .answer(429, error(429, "RESOURCE_EXHAUSTED", exceeded), .outOfCredit),
    .answer(
      429,
      error(
        429, "RESOURCE_EXHAUSTED", exceeded,
        quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "100") + "," + retry),
      .outOfCredit),
    .answer(
      429,
      error(429, "RESOURCE_EXHAUSTED", exceeded + " limit: 0, model: m Please retry in 5s."),
      .outOfCredit),
    .answer(
      429, error(429, "RESOURCE_EXHAUSTED", "x", quota("RequestsPerMinute", "0") + "," + retry),
      .outOfCredit),
    .answer(500, error(500, "INTERNAL", "An internal error has occurred."), .overloaded),
    .answer(503, error(503, "UNAVAILABLE", "The model is overloaded."), .overloaded),
    .answer(504, error(504, "DEADLINE_EXCEEDED", "Deadline expired."), .timedOut),
    .answer(404, error(404, "NOT_FOUND", "models/x is not found."), .notFound),
    .answer(503, "[" + error(503, "UNAVAILABLE", "Overloaded.") + "]", .overloaded),
    .answer(200, error(500, "INTERNAL", "x"), .overloaded, paid: true),
  ]
}
