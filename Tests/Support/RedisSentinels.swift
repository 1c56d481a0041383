import Foundation

/// A master with two replicas, and three sentinels that watch over them.
package final class RedisSentinels: Sendable {
  package let servers: [RedisProcess]
  package let sentinels: [RedisProcess]

  /// The URL of the store.
  package var url: String {
    "redis+sentinel://"
      + sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",") + "/main"
  }

  private init(_ servers: [RedisProcess], _ sentinels: [RedisProcess]) {
    self.servers = servers
    self.sentinels = sentinels
  }

  /// Starts all of them, and waits until the sentinels know everyone.
  package static func start() async throws -> RedisSentinels {
    let options = ["--repl-diskless-sync-delay", "0"]
    let master = try await RedisProcess.start(options)
    var servers = [master]
    for _ in 0..<2 {
      servers.append(try await .start(options + ["--replicaof", "127.0.0.1 \(master.port)"]))
    }
    var sentinels: [RedisProcess] = []
    for _ in 0..<3 {
      let file = """
        sentinel monitor main 127.0.0.1 \(master.port) 2
        sentinel down-after-milliseconds main 500
        sentinel failover-timeout main 3000
        sentinel parallel-syncs main 1

        """
      sentinels.append(try await .start(["--sentinel"], file: file))
    }
    let group = RedisSentinels(servers, sentinels)
    try await eventually("the sentinels know each other and the replicas") {
      for sentinel in sentinels {
        let state = try await sentinel.command("SENTINEL", "master", "main")
        let words = state.split(separator: "\n").map(String.init)
        func value(_ name: String) -> String? {
          words.firstIndex(of: name).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
        }
        guard value("num-slaves") == "2", value("num-other-sentinels") == "2" else { return false }
      }
      return true
    }
    return group
  }

  /// The server that the sentinels take for the master.
  package func master() async throws -> RedisProcess? {
    let reply = try await sentinels[0].command("SENTINEL", "get-master-addr-by-name", "main")
    let port = reply.split(separator: "\n").last.flatMap { Int($0) }
    return servers.first { $0.port == port }
  }

  /// Has the sentinels replace the master, which goes on as a replica.
  package func failOver() async throws {
    try await eventually("the sentinels agree to replace the master") {
      try await sentinels[0].command("SENTINEL", "FAILOVER", "main").contains("OK")
    }
  }

  package func kill() { for server in servers + sentinels { server.kill() } }
}
