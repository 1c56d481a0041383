package import EventLoop

/// An HTTP/1.1 server on every loop of a group, at one port.
package final class HTTPServer: Sendable {
  /// Answers one request. Runs on the connection's loop, as a task that is cancelled when the
  /// client leaves.
  package typealias Handler = @Sendable (Exchange) async -> Void

  /// The port that the server listens at, also where 0 was asked for.
  package let port: Int
  private let group: EventLoopGroup
  private let shards: [ServerShard.Reference]

  private init(port: Int, group: EventLoopGroup, shards: [ServerShard.Reference]) {
    self.port = port
    self.group = group
    self.shards = shards
  }

  /// Listens and serves.
  /// - Parameters:
  ///   - host: an IP address or a name of this machine.
  ///   - port: 0 lets the system choose.
  /// - Throws: `SystemError` when the address cannot be had.
  package static func start(
    group: EventLoopGroup, host: String, port: Int,
    configuration: ServerConfiguration = ServerConfiguration(), handler: @escaping Handler
  ) async throws -> HTTPServer {
    var chosen = port
    var shards: [ServerShard.Reference] = []
    for loop in group.loops {
      let wanted = chosen
      let (shard, bound) = try await loop.run {
        guard let address = try await loop.resolve(host: host, port: wanted).first else {
          throw SystemError.noAddress
        }
        if loop === group.loops.first, wanted != 0 { try TCPListener.requireFree(address) }
        let shard = ServerShard(
          loop, configuration, connections: configuration.connections / group.loops.count, handler)
        let bound = try shard.listen(at: address)
        return (ServerShard.Reference(shard), bound)
      }
      chosen = bound
      shards.append(shard)
    }
    return HTTPServer(port: chosen, group: group, shards: shards)
  }

  /// Connections that are open now.
  package func connectionCount() async -> Int {
    var count = 0
    for shard in shards { count += (try? await shard.run { $0.connections.count }) ?? 0 }
    return count
  }

  /// From now on every answer closes its connection; new connections are still accepted.
  package func announceClose() {
    for shard in shards { shard.submit { $0.isDraining = true } }
  }

  /// Stops to listen and lets requests finish.
  /// - Returns: whether all of them did within `grace`; the rest is still running.
  package func drain(within grace: Duration) async -> Bool {
    announceClose()
    return await withTaskGroup(of: Bool.self) { tasks in
      for shard in shards {
        tasks.addTask { (try? await shard.run { try await $0.drain(within: grace) }) == true }
      }
      return await tasks.reduce(true) { $0 && $1 }
    }
  }

  /// Closes everything at once.
  package func close() async {
    await withTaskGroup(of: Void.self) { tasks in
      for shard in shards { tasks.addTask { try? await shard.run { await $0.close() } } }
    }
  }
}
