extension OpenAIError {
  /// 400: the request is wrong, at `param` where one field is.
  package static func invalidRequest(
    _ message: String, param: String? = nil, code: String? = nil
  ) -> OpenAIError {
    OpenAIError(
      status: 400, message: message, type: "invalid_request_error", param: param, code: code)
  }

  /// 400: the body is not JSON.
  package static func invalidJSON(_ error: JSONError) -> OpenAIError {
    invalidRequest("The request body is not valid JSON: \(error)", code: "invalid_json")
  }

  /// 401: no key, or a wrong one.
  package static func authentication(
    _ message: String, code: String? = "invalid_api_key"
  ) -> OpenAIError {
    OpenAIError(status: 401, message: message, type: "authentication_error", code: code)
  }

  /// 403: a valid key that may not do this.
  package static func permission(_ message: String, code: String? = nil) -> OpenAIError {
    OpenAIError(status: 403, message: message, type: "permission_error", code: code)
  }

  /// 404: no such path, model or object.
  package static func notFound(
    _ message: String, param: String? = nil, code: String? = "not_found"
  ) -> OpenAIError {
    OpenAIError(
      status: 404, message: message, type: "invalid_request_error", param: param, code: code)
  }

  /// 405: the path has no such method.
  package static func methodNotAllowed(_ message: String) -> OpenAIError {
    OpenAIError(
      status: 405, message: message, type: "invalid_request_error", code: "method_not_allowed")
  }

  /// 409: the request collides with another one, or with what is stored.
  package static func conflict(_ message: String, code: String? = nil) -> OpenAIError {
    OpenAIError(status: 409, message: message, type: "invalid_request_error", code: code)
  }

  /// 413: the body is longer than the gateway takes.
  package static func payloadTooLarge(_ message: String) -> OpenAIError {
    OpenAIError(
      status: 413, message: message, type: "invalid_request_error", code: "payload_too_large")
  }

  /// 429: too many requests, or a budget is spent.
  package static func rateLimited(
    _ message: String, retryAfter: Duration? = nil, code: String? = "rate_limit_exceeded"
  ) -> OpenAIError {
    OpenAIError(
      status: 429, message: message, type: "rate_limit_error", code: code, retryAfter: retryAfter)
  }

  /// 500: a fault of the gateway itself.
  package static func `internal`(
    _ message: String = "The gateway failed to handle the request."
  ) -> OpenAIError {
    OpenAIError(status: 500, message: message, type: "server_error", code: "internal_error")
  }

  /// 501: a method that no path has.
  package static func notImplemented(_ message: String) -> OpenAIError {
    OpenAIError(
      status: 501, message: message, type: "invalid_request_error", code: "method_not_allowed")
  }

  /// 502: the upstream could not be reached, or answered what makes no sense.
  package static func upstreamFailed(
    _ message: String, code: String? = "upstream_error"
  ) -> OpenAIError {
    OpenAIError(status: 502, message: message, type: "server_error", code: code)
  }

  /// 503: nothing that could serve the request is up now.
  package static func unavailable(
    _ message: String, retryAfter: Duration? = nil, code: String? = "service_unavailable"
  ) -> OpenAIError {
    OpenAIError(
      status: 503, message: message, type: "server_error", code: code, retryAfter: retryAfter)
  }

  /// 504: the upstream did not answer in time.
  package static func timeout(_ message: String) -> OpenAIError {
    OpenAIError(status: 504, message: message, type: "server_error", code: "timeout")
  }
}
