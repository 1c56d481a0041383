package import HTTP
package import OpenAIWire

extension PreparedUpstream {
  /// A request to this upstream.
  /// - Parameters:
  ///   - path: below the base URL, such as `chat/completions`.
  ///   - client: the fields of the client's request.
  ///   - requestID: by which both logs can be joined.
  package func request(
    _ method: HTTPMethod, _ path: String, client: HeaderFields, requestID: String, body: [UInt8]
  ) -> ClientRequest {
    var fields = ForwardedFields.ofRequest(client)
    fields.append(contentsOf: ownFields)
    if settings.apiKey == nil, settings.forwardsAuthorization, let own = client["authorization"] {
      fields.append("authorization", own, orDrop: ())
    }
    // Clients such as curl call a JSON body a form; uploads know their own type.
    if client.value("content-type", hasPrefix: "multipart/") {
      fields.append("content-type", client["content-type"] ?? "", orDrop: ())
    } else {
      fields.append(contentsOf: .json)
    }
    fields.append("x-request-id", requestID, orDrop: ())
    // Own fields replace a client's of the same name.
    if !settings.headers.isEmpty {
      settings.headers.forEach { fields.set($0.name, $0.value, orDrop: ()) }
    }
    var request = ClientRequest(
      method,
      path == "chat/completions" ? chatURL : settings.baseURL.appending(path: path),
      headers: fields, body: body)
    request.timeouts = settings.timeouts
    return request
  }
}

extension PreparedUpstream {
  /// Fields by which OpenAI tells accounts apart.
  /// https://platform.openai.com/docs/api-reference/authentication
  private static let accountFields = ["openai-organization", "openai-project"]

  /// Whether a request names the gateway's own key and account, be they none: neither is the client's.
  func isOwnAccount(in fields: HeaderFields) -> Bool {
    !settings.forwardsAuthorization
      && !Self.accountFields.contains {
        fields.contains($0) && !settings.headers.contains($0)
      }
  }
}

extension OpenAIError {
  /// What a client is told of a stream that ended before it said anything.
  package static func upstreamEnded(_ upstream: String) -> OpenAIError {
    .upstreamFailed(
      "The upstream '\(upstream)' ended its answer before it began.", code: "upstream_cut")
  }

  /// What a client is told of an answer that says that all is well, and is none.
  package static func upstreamMalformed(_ upstream: String) -> OpenAIError {
    .upstreamFailed(
      "The upstream '\(upstream)' answered with no chat completion.", code: "upstream_malformed")
  }

  /// What a client is told of a stream that ended before its end.
  package static func upstreamCut(_ upstream: String) -> OpenAIError {
    .upstreamFailed(
      "The answer of the upstream '\(upstream)' ended too early.", code: "upstream_cut")
  }

  /// What a client is told when an upstream gave no answer.
  package init(_ error: HTTPClientError, upstream: String) {
    let subject = "The upstream '\(upstream)'"
    switch error.kind {
    case .timeout:
      self = .timeout("\(subject) did not answer in time.")
    case .poolExhausted:
      self = .unavailable("\(subject) has too many requests waiting.", retryAfter: .seconds(1))
    case .cancelled:
      self = .upstreamFailed("The request was cancelled.", code: "cancelled")
    case .tooLarge:
      self = .upstreamFailed(
        "\(subject) sent more than the gateway takes.", code: "upstream_too_large")
    case .malformed:
      self = .upstreamFailed("\(subject) did not answer in valid HTTP.", code: "upstream_malformed")
    case .reset:
      self = .upstreamFailed("\(subject) broke the connection.", code: "upstream_reset")
    case .resolve, .connect, .tls, .forbiddenAddress:
      self = .upstreamFailed("\(subject) cannot be reached.", code: "upstream_unreachable")
    }
  }
}
