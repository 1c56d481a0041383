import EventLoop
import Foundation
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

  @Test("one that has become a replica is left, also when nobody writes")
  func demoted() async throws {
    let other = try await RedisProcess.start()
    let server = try await RedisProcess.start()
    try await with(server.url + "?timeout=5s") { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      try await server.command("REPLICAOF", "127.0.0.1", "\(other.port)")
      try await eventually("it is left") { "\(events.all)".contains("slave") }
      #expect(!store.isAvailable)
    }
  }

  @Test("announcements that are heard no more are an outage, too")
  func subscriberLost() async throws {
    let server = try await RedisProcess.start()
    try await with(server.url + "?timeout=5s") { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      try await server.command("CLIENT", "KILL", "TYPE", "pubsub")
      try await eventually("it is connected to again") {
        events.count { $0 == .available } == 2 && store.isAvailable
      }
      try await store.write(.breaker, [1])
      let stored = try #require(try await store.get(.breaker))
      try await eventually("announcements are heard") {
        events.contains(.changed(.breaker, stored))
      }
    }
  }

  @Test("one that is full refuses writings, and can be read")
  func full() async throws {
    let server = try await RedisProcess.start()
    try await with(server.url + "?timeout=5s") { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      try await store.write(.breaker, [1])
      try await server.command("CONFIG", "SET", "maxmemory", "1")
      let error = await #expect(throws: StateError.self) { try await store.write(.breaker, [2]) }
      #expect(error?.kind == .refused)
      #expect(try await store.get(.breaker)?.value == [1])
      try await self.with(server.url + "?timeout=5s") { late, events in
        try await eventually("it is there for others: \(events.all)") { late.isAvailable }
      }
      try await server.command("CONFIG", "SET", "maxmemory", "0")
      try await store.write(.breaker, [2])
      #expect(store.statistics.counts.reconnects == 0)
    }
  }

  @Test("a user who may load no scripts sends them, and one without other rights is told so")
  func scripts() async throws {
    let server = try await RedisProcess.start()
    try await server.command(
      "ACL", "SETUSER", "default", "on", "nopass", "resetkeys", "resetchannels", "~easel:*",
      "&easel:*", "+@all", "-script|load", "-role")
    try await with(server.url + "?timeout=5s") { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      try await store.write(.breaker, [1])
      _ = try await store.count(
        .breaker, bucket: 1, window: 3, adding: [1], lifetime: .seconds(60))
    }
    try await server.command("ACL", "SETUSER", "default", "resetchannels")
    try await with(server.url + "?timeout=5s") { store, events in
      try await eventually("it is told") { "\(events.all)".contains("NOPERM") }
      #expect(!store.isAvailable)
    }
  }

  @Test("stores of other databases and other prefixes are heard and seen by nobody else")
  func apart() async throws {
    let server = try await RedisProcess.start()
    try await with(server.url + "/0?timeout=5s") { first, firstEvents in
      try await self.with(server.url + "/1?timeout=5s") { second, secondEvents in
        try await self.with(server.url + "/0?timeout=5s&prefix=b:") { third, thirdEvents in
          try await eventually("all are there") {
            first.isAvailable && second.isAvailable && third.isAvailable
          }
          try await first.write(.breaker, [1])
          try await second.write(.breaker, [2])
          try await third.write(.breaker, [3])
          for (store, events, value) in [
            (first, firstEvents, 1), (second, secondEvents, 2), (third, thirdEvents, 3),
          ] as [(any StateStore, StoreEvents, UInt8)] {
            let stored = try #require(try await store.get(.breaker))
            #expect(stored.value == [value])
            try await eventually("it hears itself") {
              events.contains(.changed(.breaker, stored))
            }
            #expect(events.count { if case .changed = $0 { true } else { false } } == 1)
          }
        }
      }
    }
  }

  @Test("what is under way when a store is closed fails, and no connection is left")
  func closed() async throws {
    let server = try await RedisProcess.start()
    let group = EventLoopGroup(count: 1)
    let connecting = try await StateStores.open(
      StateURL(parsing: server.url + "?timeout=5s"), on: group.loops[0])
    connecting.listen { _ in }
    await connecting.close()
    let store = try await StateStores.open(
      StateURL(parsing: server.url + "?timeout=5s"), on: group.loops[0])
    store.listen { _ in }
    try await eventually("it is there") { store.isAvailable }
    server.pause()
    let waiting = Task { try await store.get(.breaker) }
    try await eventually("it is asked") {
      await Task.yield()
      return true
    }
    await store.close()
    let error = await #expect(throws: StateError.self) { try await waiting.value }
    #expect(error?.kind == .closed)
    server.resume()
    try await eventually("no connection is left") {
      try await !server.command("CLIENT", "LIST").contains("name=easel")
    }
    let late = await #expect(throws: StateError.self) { try await store.get(.breaker) }
    #expect(late?.kind == .closed)
    await group.shutdown()
  }

  @Test("a loop may end before the stores that live on it, whatever they are doing")
  func loopEnds() async throws {
    let server = try await RedisProcess.start()
    for url in [server.url, server.url + "?timeout=5s", "redis://127.0.0.1:1", "unix:///nowhere"] {
      let group = EventLoopGroup(count: 1)
      let store = try await StateStores.open(StateURL(parsing: url), on: group.loops[0])
      let events = StoreEvents()
      store.listen(events.add)
      if url.hasSuffix("5s") { try await eventually("it is there") { store.isAvailable } }
      await group.shutdown()
      #expect(!store.isAvailable)
    }
  }

  @Test("a server by TLS is trusted only by its authority, and spoken to when it is")
  func tls() async throws {
    var tests = URL(fileURLWithPath: #filePath)
    for _ in 0..<2 { tests.deleteLastPathComponent() }
    let files = tests.appendingPathComponent("EventLoopTests/Fixtures/tls").path
    let port = try FreePort.next()
    let server = try await RedisProcess.start([
      "--tls-port", "\(port)", "--tls-cert-file", "\(files)/server.pem", "--tls-key-file",
      "\(files)/server.key", "--tls-ca-cert-file", "\(files)/authority.pem", "--tls-auth-clients",
      "no",
    ])
    let url = "rediss://localhost:\(port)?timeout=5s&connect_timeout=5s"
    try await with(url + "&ca_file=\(files)/authority.pem") { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      try await store.write(.breaker, Array(repeating: 7, count: 1 << 20))
      #expect(try await store.get(.breaker)?.value.count == 1 << 20)
    }
    try await with(url) { store, events in
      try await eventually("the distrust is told") { "\(events.all)".contains("TLS") }
      #expect(!store.isAvailable)
    }
    try await with("redis://localhost:\(port)?timeout=5s") { store, events in
      try await eventually("it is told") { !events.all.isEmpty }
      #expect(!store.isAvailable)
    }
    let missing = await #expect(throws: StateError.self) {
      try await self.with(url + "&ca_file=/nowhere.pem") { _, _ in }
    }
    #expect(missing?.description.contains("authorities") == true)
    server.kill()
  }
}
