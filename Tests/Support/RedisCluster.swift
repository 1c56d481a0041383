import Foundation

/// A cluster of three masters, each with a replica.
package final class RedisCluster: Sendable {
  package let servers: [RedisProcess]

  /// The URL of the store.
  package var url: String {
    "redis+cluster://" + servers.prefix(3).map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
  }

  private init(_ servers: [RedisProcess]) { self.servers = servers }

  /// Starts the servers, joins them, and waits until the cluster is whole.
  package static func start(replicas: Bool = true) async throws -> RedisCluster {
    var servers: [RedisProcess] = []
    for _ in 0..<(replicas ? 6 : 3) {
      servers.append(
        try await .start([
          "--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--cluster-port",
          "\(try FreePort.next())", "--cluster-config-file", "nodes.conf",
          "--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0",
        ]))
    }
    let addresses = servers.map { "127.0.0.1:\($0.port)" }
    let (status, output, log) = try await ChildProcess.run(
      "/usr/bin/env",
      ["redis-cli", "--cluster", "create"] + addresses
        + ["--cluster-replicas", replicas ? "1" : "0", "--cluster-yes"])
    guard status == 0 else { throw TestError("no cluster: \(output)\(log)") }
    let cluster = RedisCluster(servers)
    try await eventually("the cluster is whole") {
      for server in servers {
        let state = try await server.command("CLUSTER", "INFO")
        guard state.contains("cluster_state:ok"), state.contains("cluster_slots_ok:16384") else {
          return false
        }
        let nodes = try await server.command("CLUSTER", "NODES")
        guard !replicas || nodes.components(separatedBy: "slave ").count == 4 else { return false }
      }
      return true
    }
    return cluster
  }

  /// The server that takes a master's place once that is gone.
  package func replica(of master: RedisProcess) async throws -> RedisProcess {
    let id = try await master.command("CLUSTER", "MYID").filter { !$0.isWhitespace }
    let nodes = try await master.command("CLUSTER", "NODES")
    let line = nodes.split(separator: "\n").first { $0.contains("slave \(id)") }
    guard let line, let server = servers.first(where: { line.contains("127.0.0.1:\($0.port)@") })
    else { throw TestError("there is no replica of \(master.port): \(nodes)") }
    return server
  }

  /// Has a replica take its master's place, which goes on as a replica.
  package func failOver(to replica: RedisProcess) async throws {
    try await eventually("the replica agrees to take over") {
      try await replica.command("CLUSTER", "FAILOVER").contains("OK")
    }
  }

  package func kill() { for server in servers { server.kill() } }
}
