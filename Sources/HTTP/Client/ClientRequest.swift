/// A request that a client sends.
package struct ClientRequest: Sendable {
  package var method: HTTPMethod
  package var url: HTTPURL
  /// Without `Host` and framing fields, which the client sets.
  package var headers: HeaderFields
  package var body: [UInt8]
  package var timeouts = ClientTimeouts()
  /// Whether an idempotent request may be sent a second time, on a new connection, when a connection
  /// that was kept alive breaks before one byte of an answer. False for whoever counts what is sent.
  package var retriesStaleConnection = true
  /// Whether it must not be sent on a connection that was kept alive.
  package var needsNewConnection = false
  /// Which addresses the host may have.
  package var addressPolicy = AddressPolicy.any

  /// A request with the defaults that each property names.
  package init(
    _ method: HTTPMethod, _ url: HTTPURL, headers: HeaderFields = HeaderFields(),
    body: [UInt8] = []
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
  }
}

/// How long a client waits.
package struct ClientTimeouts: Sendable, Hashable {
  /// For name, TCP and TLS together.
  package var connect = Duration.seconds(5)
  /// From the request's last byte to the end of the answer's head.
  package var firstByte = Duration.seconds(300)
  /// Between two reads of the answer's body.
  package var idle = Duration.seconds(120)
  /// For everything; nil for no bound.
  package var total: Duration?

  /// The defaults that each property names.
  package init() {}
}

/// Which addresses a host may resolve to.
package enum AddressPolicy: Sendable, Hashable {
  case any
  /// Only addresses of the public Internet: a guard against URLs that point inside
  /// (server-side request forgery).
  case publicOnly
}
