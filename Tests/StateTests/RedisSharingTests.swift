import Foundation
import State
import TestSupport
import Testing

@Suite("Gateways that share a Redis", .bounded, .timeLimit(.minutes(10)))
struct RedisSharingTests {
  @Test("what one announces all hear, each once, in the order of the revisions")
  func announcements() async throws {
    let server = try await RedisProcess.start()
    try await withStore(server.url + "?timeout=5s") { first, firstEvents in
      try await withStore("unix://\(server.socket)?timeout=5s") { second, secondEvents in
        try await eventually("both are there") { first.isAvailable && second.isAvailable }
        for value in 0..<100 {
          try await (value.isMultiple(of: 2) ? first : second).write(.breaker, [UInt8(value)])
        }
        for events in [firstEvents, secondEvents] {
          func heard() -> [StoredValue] {
            events.all.compactMap { event in
              if case .changed(.breaker, let stored) = event { stored } else { nil }
            }
          }
          try await eventually("all is heard") { heard().count >= 100 }
          #expect(heard().map(\.value) == (0..<100).map { [$0] })
          #expect(heard().map(\.revision) == heard().map(\.revision).sorted())
        }
      }
    }
  }

  @Test("who finds nothing there tells the others, who may have known what was there")
  func emptied() async throws {
    let server = try await RedisProcess.start()
    let listener = try ChildProcess(
      "/usr/bin/env", ["redis-cli", "-p", "\(server.port)", "SUBSCRIBE", "easel:changes"])
    defer { listener.kill() }
    try await eventually("it listens") { listener.output.contains("subscribe") }
    func losses() -> Int { listener.output.components(separatedBy: "lost").count - 1 }
    for round in 1...2 {
      for _ in 0..<2 {
        try await withStore(server.url + "?timeout=5s") { store, _ in
          try await eventually("the store is there") { store.isAvailable }
        }
        try await server.command("PUBLISH", "easel:changes", "mark")
      }
      try await eventually("all is heard") {
        listener.output.components(separatedBy: "mark").count == 2 * round + 1
      }
      #expect(losses() == round, "the first of each round")
      try await server.command("FLUSHALL")
    }
  }

  @Test("of many that write at once over several connections one wins each revision")
  func races() async throws {
    let server = try await RedisProcess.start()
    try await withStore(server.url + "?timeout=5s") { first, _ in
      try await withStore(server.url + "?timeout=5s") { second, _ in
        try await eventually("both are there") { first.isAvailable && second.isAvailable }
        var revision: Int64 = 0
        for _ in 0..<50 {
          let expected = revision
          async let one = first.set(.breaker, [1], ifRevision: expected)
          async let two = second.set(.breaker, [2], ifRevision: expected)
          let results = try await [one, two]
          let winners = results.compactMap { result -> Int64? in
            if case .stored(let revision) = result { revision } else { nil }
          }
          #expect(winners.count == 1)
          revision = try #require(winners.first)
        }
      }
    }
  }

  @Test("two gateways go by the server's clock, whatever their own say")
  func clocks() async throws {
    let server = try await RedisProcess.start()
    try await withStore(server.url + "?timeout=5s") { first, _ in
      first.clock.set(to: first.clock.now - 600_000)
      try await withStore(server.url + "?timeout=5s") { second, _ in
        try await eventually("both are there") { first.isAvailable && second.isAvailable }
        let difference = abs(first.clock.now - second.clock.now)
        #expect(difference < 5000, "\(difference)")
      }
    }
  }

  @Test("stores of other databases and other prefixes are heard and seen by nobody else")
  func apart() async throws {
    let server = try await RedisProcess.start()
    try await withStore(server.url + "/0?timeout=5s") { first, firstEvents in
      try await withStore(server.url + "/1?timeout=5s") { second, secondEvents in
        try await withStore(server.url + "/0?timeout=5s&prefix=b:") { third, thirdEvents in
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
}
