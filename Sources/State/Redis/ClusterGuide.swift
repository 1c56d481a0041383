internal import EventLoop

/// The server that is asked about a cluster, and from which announcements are heard. Loop-bound.
struct ClusterGuide {
  let host: RedisURL.Host
  let connection: RedisConnection
  let subscriber: RedisConnection
  let since = EventLoop.nanoseconds

  /// Whether it has lasted, so that another may be looked for without a pause.
  var isProven: Bool { EventLoop.nanoseconds - since >= 1_000_000_000 }

  /// Looks whether the server is there, and part of a cluster that works.
  func check() {
    connection.send(["CLUSTER", "INFO"].map { Array($0.utf8) }) { [host, weak connection] result in
      guard case .success(let reply) = result, let error = Self.fault(reply, of: host) else {
        return
      }
      connection?.close(error)
    }
    // Allowed on a connection that is subscribed: its answer shows that the server is there.
    subscriber.send([Array("PING".utf8)]) { _ in }
  }

  /// Makes sure that a server is part of a cluster that works.
  static func checkCluster(
    _ connection: RedisConnection, of host: RedisURL.Host
  ) async throws(StateError) {
    if let fault = fault(try await connection.call("CLUSTER", "INFO"), of: host) { throw fault }
  }

  /// Asks a server where everything lies.
  static func map(
    _ connection: RedisConnection, of host: RedisURL.Host
  ) async throws(StateError) -> ClusterMap {
    let reply = try await connection.call("CLUSTER", "SLOTS")
    if case .error(let text) = reply { throw RedisFault(text).error }
    guard let map = ClusterMap(reply, asked: host) else {
      throw StateError(.unavailable, "\(host) knows no cluster")
    }
    return map
  }

  /// What is wrong with the cluster, as a server sees it that may have lost the others; nil also
  /// where this user may not ask.
  private static func fault(_ reply: RedisReply, of host: RedisURL.Host) -> StateError? {
    guard reply.text?.contains("cluster_state:fail") == true else { return nil }
    return StateError(.unavailable, "the cluster is down, as \(host) sees it")
  }
}
