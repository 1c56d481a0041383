/// Settings of a client.
package struct HTTPClientConfiguration: Sendable {
  /// PEM file of certificate authorities in place of the system's.
  package var authorityFile: String?
  /// For `https` requests: the proxy to reach them through by CONNECT, and who is excepted.
  package var proxy: ProxyConfiguration?
  /// Open connections of one loop to one origin.
  package var connectionsPerOrigin = 4096
  /// Connections kept open for the next request, of one loop to one origin.
  package var idleConnectionsPerOrigin = 256
  /// How long an unused connection is kept.
  package var idleTimeout = Duration.seconds(55)
  /// Requests of one loop that wait for a connection to one origin.
  package var waitersPerOrigin = 1024
  /// Bounds on the head of an answer.
  package var responseLimits = HTTPLimits.response
  /// Bytes of an answer that are read ahead of their consumer.
  package var readAhead = 64 * 1024

  /// The defaults that each property names.
  package init() {}
}

/// Where outgoing TLS connections go first.
package struct ProxyConfiguration: Sendable {
  /// The proxy, spoken to in plain HTTP.
  package var url: HTTPURL
  /// The value of `Proxy-Authorization`, where it asks for one.
  package var authorization: String?
  /// Whether a host and port are reached through the proxy.
  package var applies: @Sendable (_ host: String, _ port: Int) -> Bool

  /// A proxy for the hosts that `applies` accepts.
  package init(
    url: HTTPURL, authorization: String? = nil,
    applies: @escaping @Sendable (_ host: String, _ port: Int) -> Bool
  ) {
    self.url = url
    self.authorization = authorization
    self.applies = applies
  }
}
