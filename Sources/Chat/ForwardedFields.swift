package import HTTP

/// Which header fields cross the gateway. The sets hold names in lower case.
package enum ForwardedFields {
  /// What an upstream may learn of a client's request: what it acts on, and nothing that speaks of
  /// the connection (RFC 9110, section 7.6.1) or of the client's credentials.
  private static let request: Set<String> = [
    "accept", "accept-language", "content-type", "user-agent", "idempotency-key", "http-referer",
    "x-title", "traceparent", "tracestate", "baggage",
  ]
  private static let requestPrefixes = ["openai-", "x-stainless-", "anthropic-", "x-goog-"]

  /// What a client does not get of an upstream's answer: fields of the connection, those that the
  /// gateway sets itself, and cookies, which belong to the upstream's site.
  private static let notInAnswers: Set<String> = [
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade", "content-length", "date", "set-cookie",
    "alt-svc", "strict-transport-security", "x-request-id", "server",
  ]

  /// The fields of a client's request that go to an upstream.
  package static func ofRequest(_ headers: HeaderFields) -> HeaderFields {
    headers.filtered { name in
      let name = lowercased(name)
      return request.contains(name) || requestPrefixes.contains(where: name.hasPrefix)
    }
  }

  /// The fields of an upstream's answer that go to the client.
  package static func ofAnswer(_ headers: HeaderFields) -> HeaderFields {
    let named = headers.values("connection").flatMap { $0.lowercased().split(separator: ",") }
      .map { $0.trimming() }
    return headers.filtered { name in
      let name = lowercased(name)
      return !notInAnswers.contains(name) && !named.contains(name)
    }
  }

  private static func lowercased(_ name: ArraySlice<UInt8>) -> String {
    String(decoding: name.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }
}

extension Substring {
  fileprivate func trimming() -> String {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
