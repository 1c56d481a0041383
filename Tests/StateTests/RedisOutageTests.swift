import EventLoop
import State
import TestSupport
import Testing

@Suite("A Redis that fails", .bounded, .timeLimit(.minutes(10)))
struct RedisOutageTests {
  @Test("one that is away at the start is found when it comes")
  func late() async throws {
    let server = try await RedisProcess.start()
    server.kill()
    try await withStore(server.url) { store, events in
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
    try await withStore(server.url) { store, events in
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

  @Test("connections that are lost or cannot be made are counted, though nothing is asked")
  func connectionFailures() async throws {
    let server = try await RedisProcess.start()
    try await withStore(server.url) { store, _ in
      try await eventually("it is there") { store.isAvailable }
      #expect(store.statistics.counts.connectionFailures == 0)
      server.kill()
      try await eventually("the loss and a vain attempt are counted") {
        store.statistics.counts.connectionFailures >= 2
      }
      #expect(store.statistics.counts.failures.isEmpty)
      try await server.restart()
      try await eventually("it is found again") { store.isAvailable }
      let count = store.statistics.counts.connectionFailures
      try await store.write(.breaker, [1])
      #expect(store.statistics.counts.connectionFailures == count)
    }
  }

  @Test("one that hangs fails what is under way in time, and everything else at once")
  func paused() async throws {
    let server = try await RedisProcess.start()
    try await withStore(server.url + "?timeout=100ms") { store, events in
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
    try await withStore(server.url + "?timeout=5s") { store, _ in
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
    try await withStore(server.url + "?timeout=5s") { store, events in
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

  @Test("one that has become a replica is left, also when nobody writes")
  func demoted() async throws {
    let other = try await RedisProcess.start()
    let server = try await RedisProcess.start()
    try await withStore(server.url + "?timeout=5s") { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      try await server.command("REPLICAOF", "127.0.0.1", "\(other.port)")
      try await eventually("it is left") { "\(events.all)".contains("slave") }
      #expect(!store.isAvailable)
    }
  }

  @Test("announcements that are heard no more are an outage, too")
  func subscriberLost() async throws {
    let server = try await RedisProcess.start()
    try await withStore(server.url + "?timeout=5s") { store, events in
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
    try await withStore(server.url + "?timeout=5s") { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      try await store.write(.breaker, [1])
      try await server.command("CONFIG", "SET", "maxmemory", "1")
      let error = await #expect(throws: StateError.self) { try await store.write(.breaker, [2]) }
      #expect(error?.kind == .refused)
      #expect(try await store.get(.breaker)?.value == [1])
      try await withStore(server.url + "?timeout=5s") { late, events in
        try await eventually("it is there for others: \(events.all)") { late.isAvailable }
      }
      try await server.command("CONFIG", "SET", "maxmemory", "0")
      try await store.write(.breaker, [2])
      #expect(store.statistics.counts.reconnects == 0)
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

  @Test("one that fails again and again, in every way, under load, is used whenever it is there")
  func chaos() async throws {
    let server = try await RedisProcess.start()
    try await withStore(server.url + "?timeout=100ms") { store, events in
      try await eventually("it is there") { store.isAvailable }
      let load = Task {
        while !Task.isCancelled {
          for index in 0..<20 {
            let key = StateKey(group: "breaker:\(index)", name: "state")
            _ = try? await store.count(key, [1: 1], at: 1)
            try? await store.put(key, [1], lifetime: .seconds(60))
          }
          await Task.yield()
        }
      }
      for round in 0..<6 {
        switch round % 3 {
        case 0:
          server.pause()
          try await eventually("it is missed") { !store.isAvailable }
          server.resume()
        case 1:
          server.kill()
          try await eventually("it is missed") { !store.isAvailable }
          try await server.restart()
        default:
          try await server.command("FLUSHALL")
          try await server.command("SCRIPT", "FLUSH")
        }
        try await eventually("it can be written again") {
          (try? await store.write(.breaker, [UInt8(round)])) != nil
        }
      }
      load.cancel()
      await load.value
      try await eventually("it is there") { store.isAvailable }
      let turns = events.all.filter { if case .changed = $0 { false } else { true } }
        .map { $0 == .available }
      #expect(zip(turns, turns.dropFirst()).allSatisfy { $0 != $1 }, "each change is told once")
      #expect(turns.count >= 9 && turns.last == true)
    }
  }
}
