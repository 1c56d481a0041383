package import HTTP

extension ResponseHead {
  /// Whether its body is Server-Sent Events.
  package var isEventStream: Bool { headers.value("content-type", hasPrefix: "text/event-stream") }

  /// Whether its body is one JSON value; nil where it does not say what it is.
  package var isJSON: Bool? {
    headers["content-type"].map { type in
      let type = type.prefix { $0 != ";" && $0 != " " }.lowercased()
      return type.hasSuffix("/json") || type.hasSuffix("+json")
    }
  }
}

/// Which header fields cross the gateway.
package enum ForwardedFields {
  /// What an upstream may learn of a client's request: what it acts on, and nothing that speaks of
  /// the connection (RFC 9110, section 7.6.1) or of the client's credentials.
  private static let inRequests = FieldNames(
    [
      "accept", "accept-language", "user-agent", "idempotency-key", "http-referer",
      "x-title", "traceparent", "tracestate", "baggage",
    ], prefixes: ["openai-", "x-stainless-", "anthropic-", "x-goog-"])

  /// What a client does not get of an upstream's answer: fields of the connection, those that the
  /// gateway sets itself, and cookies, which belong to the upstream's site.
  private static let notInAnswers = FieldNames([
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade", "content-length", "date", "set-cookie",
    "alt-svc", "strict-transport-security", "x-request-id", "server",
  ])

  /// The fields of a client's request that go to an upstream.
  package static func ofRequest(_ headers: HeaderFields) -> HeaderFields {
    headers.only(inRequests)
  }

  /// The fields of an upstream's answer that go to the client.
  package static func ofAnswer(_ headers: HeaderFields) -> HeaderFields {
    var fields = headers.without(notInAnswers)
    guard let named = headers["connection"], !["close", "keep-alive"].contains(named.lowercased())
    else { return fields }
    // What `Connection` names belongs to the connection too (RFC 9110, section 7.6.1).
    for name in headers.values("connection").flatMap({ $0.split(separator: ",") }) {
      fields.remove(String(name.filter { $0 != " " && $0 != "\t" }))
    }
    return fields
  }
}
