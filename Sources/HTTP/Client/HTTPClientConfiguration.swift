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

/// Where outgoing TLS connections go first, as by `HTTPS_PROXY` and `NO_PROXY`.
package struct ProxyConfiguration: Sendable, Hashable {
  /// The proxy, spoken to in plain HTTP.
  package var url: HTTPURL
  /// The value of `Proxy-Authorization`, where it asks for one.
  package var authorization: String?
  /// Host names, suffixes (`.example.com` or `example.com`) or `*` that are reached directly.
  package var exceptions: [String]

  /// A proxy without credentials unless given.
  package init(url: HTTPURL, authorization: String? = nil, exceptions: [String] = []) {
    self.url = url
    self.authorization = authorization
    self.exceptions = exceptions
  }

  /// Whether connections to `host` go through the proxy.
  package func applies(to host: String) -> Bool {
    let host = host.lowercased()
    return !exceptions.contains { exception in
      var pattern = exception.lowercased()
      if pattern == "*" { return true }
      if pattern.hasPrefix("*.") { pattern.removeFirst() }
      if pattern.hasPrefix(".") { return host.hasSuffix(pattern) || host == pattern.dropFirst() }
      return !pattern.isEmpty && (host == pattern || host.hasSuffix("." + pattern))
    }
  }
}
