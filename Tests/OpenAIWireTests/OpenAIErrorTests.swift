import OpenAIWire
import Testing

@Suite("OpenAI errors")
struct OpenAIErrorTests {
  @Test("the body has all four fields, null where absent")
  func body() {
    let error = OpenAIError.invalidRequest("say \"please\"", param: "model")
    #expect(
      String(decoding: error.body(), as: UTF8.self)
        == #"{"error":{"message":"say \"please\"","type":"invalid_request_error","#
        + #""param":"model","code":null}}"#)
  }

  @Test(
    "each case has OpenAI's status and type",
    arguments: [
      (OpenAIError.invalidRequest("m"), 400, "invalid_request_error"),
      (.invalidJSON(JSONError(offset: 1, message: "m")), 400, "invalid_request_error"),
      (.authentication("m"), 401, "authentication_error"),
      (.permission("m"), 403, "permission_error"), (.notFound("m"), 404, "invalid_request_error"),
      (.methodNotAllowed("m"), 405, "invalid_request_error"),
      (.conflict("m"), 409, "invalid_request_error"),
      (.payloadTooLarge("m"), 413, "invalid_request_error"),
      (.rateLimited("m"), 429, "rate_limit_error"), (.internal(), 500, "server_error"),
      (.upstreamFailed("m"), 502, "server_error"), (.unavailable("m"), 503, "server_error"),
      (.timeout("m"), 504, "server_error"),
    ])
  func cases(error: OpenAIError, status: Int, type: String) throws {
    #expect(error.status == status)
    #expect(error.type == type)
    #expect(try JSONSlice.parse(error.body())["error"]?["type"]?.string == type)
  }

  @Test(
    "retry-after is in whole seconds, at least 1 and at most 120",
    arguments: [
      (Duration.zero, "1"), (.milliseconds(200), "1"), (.seconds(2), "2"),
      (.milliseconds(2001), "3"), (.seconds(120), "120"), (.seconds(600), "120"),
    ])
  func retryAfter(wait: Duration, header: String) {
    let headers = OpenAIError.rateLimited("m", retryAfter: wait).responseHeaders()
    #expect(headers.first { $0.name == "retry-after" }?.value == header)
  }

  @Test("an error after money was spent tells the SDKs not to retry")
  func shouldRetry() {
    var error = OpenAIError.upstreamFailed("m")
    #expect(!error.responseHeaders().contains { $0.name == "x-should-retry" })
    error.shouldRetry = false
    error.headers.append(("x-extra", "1"))
    let headers = error.responseHeaders().map { "\($0.name): \($0.value)" }
    #expect(headers == ["content-type: application/json", "x-should-retry: false", "x-extra: 1"])
  }
}
