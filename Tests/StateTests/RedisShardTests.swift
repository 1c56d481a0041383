import State
import TestSupport
import Testing

@Suite("A cluster of which a shard is away", .bounded, .timeLimit(.minutes(10)))
struct RedisShardTests {
  @Test("without the one that knows the version the others are used, and it is asked when it comes")
  func versionAway() async throws {
    let servers = try await RedisCluster.start(replicas: false)
    defer { servers.kill() }
    for server in servers.servers {
      try await server.command("CONFIG", "SET", "cluster-require-full-coverage", "no")
    }
    let url = servers.url + "?timeout=1s&connect_timeout=2s"
    try await withStore(url) { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
    }
    var found: RedisProcess?
    for server in servers.servers
    where try await server.command("EXISTS", "easel:schema").hasPrefix("1") {
      found = server
    }
    let holder = try #require(found)
    let keys = (0..<20).map { StateKey(group: "breaker:chat/a/\($0)", name: "state") }

    holder.kill()
    try await withStore(url) { store, events in
      try await eventually("the others are used: \(events.all)") { store.isAvailable }
      var written = 0
      for key in keys where (try? await store.write(key, [1])) != nil { written += 1 }
      #expect(written > 0 && written < keys.count, "\(written)")
      try await holder.restart()
      try await eventually("the version is written where it has come without") {
        try await holder.command("GET", "easel:schema") == "1\n"
      }
      for key in keys {
        try await eventually("all can be written") {
          (try? await store.write(key, [2])) != nil
        }
      }
      #expect(events.count { $0 == .available } == 1, "\(events.all)")
    }

    try await holder.command("SET", "easel:schema", "99")
    holder.pause()
    try await withStore(url) { store, events in
      try await eventually("the others are used: \(events.all)") { store.isAvailable }
      holder.resume()
      try await eventually("another version is told") { "\(events.all)".contains("schema 99") }
      try await eventually("all are left") { !store.isAvailable }
      try await holder.command("DEL", "easel:schema")
      try await eventually("they are used again") { store.isAvailable }
    }
  }
}
