import State
import TestSupport
import Testing

@Suite("Every store", .bounded, .timeLimit(.minutes(10)))
struct StoreConformanceTests {
  @Test("what is stored is read, with a revision that only grows", arguments: StoreKind.allCases)
  func values(_ kind: StoreKind) async throws {
    try await kind.with { store, _ in
      #expect(try await store.get(.breaker) == nil)
      let all = (0...255).map { UInt8($0) }
      var last: Int64 = 0
      for value in [all, [], [10, 0, 10], Array(repeating: 7, count: 1 << 20)] {
        try await store.write(.breaker, value)
        let stored = try #require(try await store.get(.breaker))
        #expect(stored.value == value)
        #expect(stored.revision > last)
        last = stored.revision
      }
      try await store.put(.breaker, [1], lifetime: .seconds(60))
      let stored = try #require(try await store.get(.breaker))
      #expect(stored.value == [1] && stored.revision > last)
      try await store.remove(.breaker)
      try await store.remove(.breaker)
      #expect(try await store.get(.breaker) == nil)
      try await store.write(.breaker, [2])
      #expect(try #require(try await store.get(.breaker)).revision > stored.revision)
    }
  }

  @Test("of many that write at once one wins each revision", arguments: StoreKind.allCases)
  func races(_ kind: StoreKind) async throws {
    try await kind.with { store, _ in
      var revision: Int64 = 0
      for round in 0..<10 {
        let expected = revision
        let results = try await withThrowingTaskGroup(of: CompareAndSetResult.self) { group in
          for writer in 0..<10 {
            group.addTask {
              try await store.compareAndSet(
                .breaker, revision: expected, to: [UInt8(round), UInt8(writer)],
                lifetime: .seconds(60), announced: false)
            }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        let winners = results.compactMap { result -> Int64? in
          if case .stored(let revision) = result { return revision }
          return nil
        }
        #expect(winners.count == 1)
        let stored = try #require(try await store.get(.breaker))
        #expect(winners.first == stored.revision)
        for case .conflict(let other) in results { #expect(other == stored) }
        revision = stored.revision
      }
    }
  }

  @Test("what has expired is not there", arguments: StoreKind.allCases)
  func expiry(_ kind: StoreKind) async throws {
    try await kind.with { store, _ in
      try await store.put(.breaker, [1], lifetime: .milliseconds(30))
      try await eventually("it has expired") { try await store.get(.breaker) == nil }
      let result = try await store.compareAndSet(
        .breaker, revision: 0, to: [2], lifetime: .seconds(60), announced: false)
      guard case .stored = result else {
        Issue.record("\(result)")
        return
      }
    }
  }

  @Test(
    "counters are summed over a sliding window, and none is lost", arguments: StoreKind.allCases)
  func counters(_ kind: StoreKind) async throws {
    try await kind.with { store, _ in
      let key = StateKey(group: "breaker:a", name: "window:0.1")
      @Sendable func add(_ bucket: Int64, _ numbers: [Int64]) async throws -> [Int64] {
        try await store.count(
          key, bucket: bucket, window: 3, adding: numbers, lifetime: .seconds(60))
      }
      #expect(try await add(100, [1, 0, 2]) == [1, 0, 2])
      #expect(try await add(101, [1, 1, 0]) == [2, 1, 2])
      #expect(try await add(102, [0, 0, 0]) == [2, 1, 2])
      #expect(try await add(103, [5, 0, 0]) == [6, 1, 0], "the first part has left the window")
      #expect(try await add(101, [1, 0, 0]) == [2, 1, 0], "a late one counts where it belongs")
      #expect(try await add(900, [1, 1, 1]) == [1, 1, 1])
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<50 { group.addTask { _ = try await add(901, [1, 2, 0]) } }
        try await group.waitForAll()
      }
      #expect(try await add(901, [0, 0, 0]) == [51, 101, 1])
    }
  }

  @Test("counters are forgotten after their time", arguments: StoreKind.allCases)
  func counterExpiry(_ kind: StoreKind) async throws {
    try await kind.with { store, _ in
      let key = StateKey(group: "breaker:a", name: "window:0.1")
      try await eventually("nothing is left of what was added before") {
        let sums = try await store.count(
          key, bucket: 1, window: 3, adding: [1], lifetime: .milliseconds(1))
        return sums == [1]
      }
    }
  }

  @Test("what is announced is heard", arguments: StoreKind.allCases)
  func announcements(_ kind: StoreKind) async throws {
    try await kind.with { store, events in
      try await store.write(.breaker, [1, 10, 2])
      let stored = try #require(try await store.get(.breaker))
      try await eventually("it is heard") { events.contains(.changed(.breaker, stored)) }
    }
  }

  @Test("keys and values have bounds", arguments: StoreKind.allCases)
  func bounds(_ kind: StoreKind) async throws {
    try await kind.with { store, _ in
      let long = StateKey(group: String(repeating: "g", count: 500), name: "name of a value")
      for key in [long, StateKey(group: "ü", name: "a"), StateKey(group: "a\nb", name: "a")] {
        let error = await #expect(throws: StateError.self) {
          try await store.put(key, [1], lifetime: .seconds(1))
        }
        #expect(error?.kind == .refused)
      }
      let error = await #expect(throws: StateError.self) {
        try await store.put(
          .breaker, Array(repeating: 1, count: 1 << 20 + 1), lifetime: .seconds(1))
      }
      #expect(error?.kind == .refused)
    }
  }

  @Test("what operations took is counted", arguments: StoreKind.allCases)
  func statistics(_ kind: StoreKind) async throws {
    try await kind.with { store, _ in
      try await store.write(.breaker, [1])
      let counts = store.statistics.counts
      #expect(kind == .memory || counts.answers >= 2)
      #expect(counts.durations.last == counts.answers)
      #expect(counts.durations == counts.durations.sorted())
    }
  }
}
