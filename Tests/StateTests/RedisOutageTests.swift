import EventLoop
import State
import TestSupport
import Testing

@Suite("A Redis that fails", .bounded, .timeLimit(.minutes(10)))
struct RedisOutageTests {
  /// Opens the store of a URL on a loop of its own, and closes it afterwards.
  private func with(
    _ url: String, _ body: @Sendable (any StateStore, StoreEvents) async throws -> Void
  ) async throws {
    let group = EventLoopGroup(count: 1)
    let store = try await StateStores.open(StateURL(parsing: url), on: group.loops[0])
    let events = StoreEvents()
    store.listen(events.add)
    try await body(store, events)
    await store.close()
    await group.shutdown()
  }

  @Test("one that is away at the start is found when it comes")
  func late() async throws {
    let server = try await RedisProcess.start()
    server.kill()
    try await with(server.url) { store, events in
      try await eventually("the outage is told") { !events.all.isEmpty }
      #expect(!store.isAvailable)
      let error = await #expect(throws: StateError.self) { try await store.get(.breaker) }
      #expect(error?.kind == .unavailable)
      try await server.restart()
      try await eventually("it is found") { store.isAvailable }
      try await store.write(.breaker, [1])
    }
  }

  @Test("one that dies and comes back empty is used again, and each change is told once")
  func killed() async throws {
    let server = try await RedisProcess.start()
    try await with(server.url) { store, events in
      try await eventually("it is there") { store.isAvailable }
      try await store.write(.breaker, [1])
      server.kill()
      try await eventually("it is missed") { !store.isAvailable }
      try await server.restart()
      try await eventually("it is found again") { store.isAvailable }
      #expect(try await store.get(.breaker) == nil)
      try await store.write(.breaker, [2])
      let stored = try #require(try await store.get(.breaker))
      try await eventually("announcements are heard again") {
        events.contains(.changed(.breaker, stored))
      }
      #expect(events.count { $0 == .available } == 2)
      #expect(events.count { if case .unavailable = $0 { true } else { false } } == 1)
      #expect(store.statistics.counts.reconnects == 1)
    }
  }

  @Test("one that hangs fails what is under way in time, and everything else at once")
  func paused() async throws {
    let server = try await RedisProcess.start()
    try await with(server.url + "?timeout=100ms") { store, events in
      try await eventually("it is there") { store.isAvailable }
      server.pause()
      let error = await #expect(throws: StateError.self) { try await store.write(.breaker, [1]) }
      #expect(error?.kind == .timedOut)
      try await eventually("it is missed") { !store.isAvailable }
      for _ in 0..<1000 {
        let error = await #expect(throws: StateError.self) { try await store.get(.breaker) }
        #expect(error?.kind == .unavailable)
      }
      server.resume()
      try await eventually("it is found again") { store.isAvailable }
      try await store.write(.breaker, [1])
    }
  }

  @Test("one that is flushed, with its scripts, goes on")
  func flushed() async throws {
    let server = try await RedisProcess.start()
    try await with(server.url + "?timeout=5s") { store, _ in
      try await eventually("it is there") { store.isAvailable }
      try await store.write(.breaker, [1])
      let before = try #require(try await store.get(.breaker))
      try await server.command("FLUSHALL")
      try await server.command("SCRIPT", "FLUSH")
      #expect(try await store.get(.breaker) == nil)
      try await store.write(.breaker, [2])
      let after = try #require(try await store.get(.breaker))
      #expect(after.revision > before.revision, "no revision comes again")
      #expect(store.isAvailable)
      #expect(store.statistics.counts.reconnects == 0)
    }
  }

  @Test("one that has become a read-only replica is left, and used again as a master")
  func readOnly() async throws {
    let other = try await RedisProcess.start()
    let server = try await RedisProcess.start()
    try await with(server.url + "?timeout=5s") { store, events in
      try await eventually("it is there") { store.isAvailable }
      try await server.command("REPLICAOF", "127.0.0.1", "\(other.port)")
      let error = await #expect(throws: StateError.self) { try await store.write(.breaker, [1]) }
      #expect(error?.kind == .unavailable)
      try await eventually("it is left") { !store.isAvailable }
      try await server.command("REPLICAOF", "NO", "ONE")
      try await eventually("it is used again") { store.isAvailable }
      try await store.write(.breaker, [1])
    }
  }

  @Test("passwords, users and databases are used, and a wrong password is told without it")
  func passwords() async throws {
    let server = try await RedisProcess.start(["--requirepass", "canary secret"])
    let host = "127.0.0.1:\(server.port)"
    try await server.command(
      [
        "ACL", "SETUSER", "easel", "on", ">canary/2", "~easel:*", "&easel:*", "+@all", "-@admin",
        "-@dangerous",
      ], password: "canary secret")
    for url in ["redis://:canary%20secret@\(host)/3", "redis://easel:canary%2F2@\(host)"] {
      try await with(url + "?timeout=5s") { store, events in
        try await eventually("it is there: \(events.all)") { store.isAvailable }
        try await store.write(.breaker, [1])
      }
    }
    for url in ["redis://:canary3@\(host)", "redis://\(host)"] {
      try await with(url + "?timeout=5s") { store, events in
        try await eventually("the refusal is told") { !events.all.isEmpty }
        #expect(!"\(events.all)".contains("canary"))
        #expect("\(events.all)".contains("password"))
        #expect(!store.isAvailable)
      }
    }
  }

  @Test("a user without the right to a key is told so, and nothing else breaks")
  func permissions() async throws {
    let server = try await RedisProcess.start()
    try await server.command(
      "ACL", "SETUSER", "default", "on", "nopass", "resetkeys", "~easel:schema",
      "allchannels", "+@all")
    try await with(server.url + "?timeout=5s") { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      let error = await #expect(throws: StateError.self) { try await store.write(.breaker, [1]) }
      #expect(error?.kind == .refused)
      #expect(store.isAvailable)
    }
  }

  @Test("a store of another schema is left alone")
  func schema() async throws {
    let server = try await RedisProcess.start()
    try await server.command("SET", "easel:schema", "99")
    try await with(server.url + "?timeout=5s") { store, events in
      try await eventually("it is told") { "\(events.all)".contains("schema 99") }
      #expect(!store.isAvailable)
    }
    try await with(server.url + "?timeout=5s&prefix=other:") { store, _ in
      try await eventually("another prefix is another store") { store.isAvailable }
    }
  }

  @Test("two gateways go by the server's clock, whatever their own say")
  func clocks() async throws {
    let server = try await RedisProcess.start()
    try await with(server.url + "?timeout=5s") { first, _ in
      first.clock.set(to: first.clock.now - 600_000)
      try await self.with(server.url + "?timeout=5s") { second, _ in
        try await eventually("both are there") { first.isAvailable && second.isAvailable }
        let difference = abs(first.clock.now - second.clock.now)
        #expect(difference < 5000, "\(difference)")
      }
    }
  }
}
