package import EventLoop

/// Bounds that a server holds its clients to.
package struct ServerConfiguration: Sendable {
  /// Bounds on what one request may hold.
  package var limits = HTTPLimits()
  /// From a request's first byte to the end of its head.
  package var headerTimeout = Duration.seconds(10)
  /// For a connection on which no request is under way.
  package var idleTimeout = Duration.seconds(75)
  /// Between two reads of a body.
  package var bodyTimeout = Duration.seconds(30)
  /// After this much time a body must have come at `minimumBodyRate` on average.
  package var bodyGrace = Duration.seconds(10)
  /// Bytes a second.
  package var minimumBodyRate = 1024
  /// For a client that takes nothing of what is queued for it.
  package var writeTimeout = Duration.seconds(300)
  /// Connections of the whole server; one more gets 503.
  package var connections = 10_000
  /// Bytes queued for one client, past which its producer waits.
  package var writeHighWater = 64 * 1024
  /// Bytes that a client may send ahead while an answer is pending.
  package var readAhead = 64 * 1024
  /// Where the server counts; every copy of the configuration has the same.
  package var statistics = ServerStatistics()
  /// For TLS; nil for plain TCP.
  package var tls: TLSContext?

  /// The defaults that each property names.
  package init() {}
}
