import Foundation
import TestSupport
import Testing

@testable import State

@Suite("The rights of a Redis user", .bounded, .timeLimit(.minutes(10)))
struct RedisRightsTests {
  private static let user =
    ["ACL", "SETUSER", "easel", "reset", "on", ">canary", "~easel:*", "&easel:*"]
    + RedisProbe.rights.split(separator: " ").map(String.init)

  @Test("the README lists those that are told")
  func listed() throws {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    #expect(readme.contains("`\(RedisProbe.rights)`"))
  }

  @Test("those that are listed suffice for everything, and a probe leaves nothing behind")
  func enough() async throws {
    let server = try await RedisProcess.start()
    try await server.command(Self.user)
    let url = "redis://easel:canary@127.0.0.1:\(server.port)/3?timeout=5s"
    try await withStore(url) { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      #expect(try await server.command("-n", "3", "KEYS", "*") == "easel:schema\n")
      try await server.command("FLUSHALL")
      try await server.command("SCRIPT", "FLUSH")
      try await store.write(.breaker, [1])
      let stored = try #require(try await store.get(.breaker))
      _ = try await store.count(.breaker, [1: 1], at: 1)
      _ = try await store.count(.breaker, [1000: 1], at: 1000)
      try await store.remove(.breaker)
      try await eventually("it is heard") { events.contains(.changed(.breaker, stored)) }
      try await eventually("the flushed schema is written again") {
        events.contains(.replaced)
      }
      #expect(events.count { if case .changed = $0 { true } else { false } } == 1)
    }
    let refused = try await server.command("ACL", "LOG").filter { !$0.isWhitespace }
    #expect(refused.isEmpty, "\(refused)")
  }

  @Test(
    "one that is missing is told when a store connects, which is not used",
    arguments: [
      "publish", "pexpire", "hmset", "hmget", "hget", "hset", "hincrby", "hkeys", "hdel", "del",
      "eval", "evalsha", "time", "get", "subscribe",
    ])
  func missing(_ right: String) async throws {
    let server = try await RedisProcess.start()
    try await server.command(Self.user + ["-\(right)"])
    let url = "redis://easel:canary@127.0.0.1:\(server.port)?timeout=5s"
    try await withStore(url) { store, events in
      try await eventually("it is told") { !events.all.isEmpty }
      let told = "\(events.all)"
      #expect(told.contains("the user may not do this ("), "\(told)")
      #expect(!told.contains("canary"))
      #expect(!events.contains(.available) && !store.isAvailable)
      try await server.command("ACL", "SETUSER", "easel", "+\(right)")
      try await eventually("it is used once it is granted") { store.isAvailable }
    }
  }

  @Test("a server that is full is no user without rights: it is read as before")
  func full() async throws {
    let server = try await RedisProcess.start()
    try await server.command(Self.user)
    let url = "redis://easel:canary@127.0.0.1:\(server.port)?timeout=5s"
    try await withStore(url) { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
    }
    try await server.command("CONFIG", "SET", "maxmemory", "1")
    try await withStore(url) { store, events in
      try await eventually("it can be read: \(events.all)") { store.isAvailable }
      #expect(try await store.get(.breaker) == nil)
    }
  }

  @Test("in a cluster, too, those that are listed suffice, and one that is missing is told")
  func cluster() async throws {
    let servers = try await RedisCluster.start(replicas: false)
    defer { servers.kill() }
    let user = Self.user + ["+cluster|slots", "+cluster|info", "+asking"]
    for server in servers.servers { try await server.command(user) }
    let url = servers.url.replacing("://", with: "://easel:canary@") + "?timeout=5s"
    try await withStore(url) { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      try await store.write(.breaker, [1])
      let stored = try #require(try await store.get(.breaker))
      try await eventually("it is heard") { events.contains(.changed(.breaker, stored)) }
    }
    for server in servers.servers {
      let refused = try await server.command("ACL", "LOG").filter { !$0.isWhitespace }
      #expect(refused.isEmpty, "\(refused)")
      try await server.command("ACL", "SETUSER", "easel", "-publish")
    }
    try await withStore(url) { store, events in
      try await eventually("it is told") { "\(events.all)".contains("+publish") }
      #expect(!store.isAvailable)
    }
  }
}
