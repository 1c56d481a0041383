/// An error as OpenAI's API answers it: a status, and a body that its SDKs read.
package struct OpenAIError: Error, Sendable {
  /// The HTTP status.
  package var status: Int
  /// What went wrong, for a person.
  package var message: String
  /// The class of error, in OpenAI's words (`invalid_request_error`, `server_error`, ...).
  package var type: String
  /// The request field that is at fault, if one is.
  package var param: String?
  /// A word for programs, such as `model_not_found`.
  package var code: String?
  /// When the client may try again.
  package var retryAfter: Duration?
  /// Whether OpenAI's SDKs should retry; nil leaves it to them. False once money was spent.
  package var shouldRetry: Bool?
  /// Further response headers.
  package var headers: [(name: String, value: String)]

  /// An error of any status; see the constructors for the usual ones.
  package init(
    status: Int, message: String, type: String, param: String? = nil, code: String? = nil,
    retryAfter: Duration? = nil, shouldRetry: Bool? = nil,
    headers: [(name: String, value: String)] = []
  ) {
    self.status = status
    self.message = message
    self.type = type
    self.param = param
    self.code = code
    self.retryAfter = retryAfter
    self.shouldRetry = shouldRetry
    self.headers = headers
  }

  /// The longest `retry-after` that is sent: past it OpenAI's SDKs give up instead of waiting.
  package static let longestRetryAfter = Duration.seconds(120)

  /// The answer's JSON: `{"error":{"message","type","param","code"}}`, null where absent.
  package func body() -> [UInt8] {
    JSONWriter.object { writer in
      writer.key("error")
      writer.beginObject()
      writer.member("message", message)
      writer.member("type", type)
      Self.nullable("param", param, &writer)
      Self.nullable("code", code, &writer)
      writer.endObject()
    }
  }

  /// Every header that belongs to the answer: `content-type`, `retry-after` in whole seconds
  /// (rounded up, at least 1), `x-should-retry`, and the further ones.
  package func responseHeaders() -> [(name: String, value: String)] {
    var all: [(name: String, value: String)] = [("content-type", "application/json")]
    if let retryAfter {
      let (seconds, rest) = min(max(retryAfter, .seconds(1)), Self.longestRetryAfter).components
      all.append(("retry-after", String(rest > 0 ? seconds + 1 : seconds)))
    }
    if let shouldRetry { all.append(("x-should-retry", shouldRetry ? "true" : "false")) }
    return all + headers
  }

  private static func nullable(_ key: String, _ value: String?, _ writer: inout JSONWriter) {
    writer.key(key)
    if let value { writer.value(value) } else { writer.null() }
  }
}

extension OpenAIError: CustomStringConvertible {
  /// Status, type and message, for logs.
  package var description: String { "\(status) \(type): \(message)" }
}
