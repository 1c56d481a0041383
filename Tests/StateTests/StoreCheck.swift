import State
import TestSupport
import Testing

/// Something that is promised of every store, and how to see that it is kept.
struct StoreCheck: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let run: @Sendable (any StateStore, StoreEvents) async throws -> Void

  init(
    _ promise: String, _ run: @escaping @Sendable (any StateStore, StoreEvents) async throws -> Void
  ) {
    testDescription = promise
    self.run = run
  }

  static let all: [StoreCheck] = values + counters
}

extension StoreCheck {
  private static let values = [
    StoreCheck("what is stored is read, with a revision that only grows") {
      (store, _) async throws in
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
    },
    StoreCheck("a revision never comes again, neither after a removal nor after a time") {
      (store, _) async throws in
      try await store.write(.breaker, [1])
      let first = try #require(try await store.get(.breaker)).revision
      try await store.remove(.breaker)
      try await store.remove(.breaker)
      #expect(try await store.get(.breaker) == nil)
      let late = try await store.set(.breaker, [2], ifRevision: first)
      #expect(late == .conflict(nil), "what was removed is not written over")
      try await store.put(.breaker, [3], lifetime: .milliseconds(20))
      try await eventually("it has expired") { try await store.get(.breaker) == nil }
      try await store.write(.breaker, [4])
      let last = try #require(try await store.get(.breaker))
      #expect(last.revision > first && last.value == [4])
      #expect(try await store.set(.breaker, [5], ifRevision: first) == .conflict(last))
      #expect(try await store.set(.breaker, [5], ifRevision: 0) == .conflict(last))
    },
    StoreCheck("of many that write at once one wins each revision") { (store, _) async throws in
      var revision: Int64 = 0
      for round in 0..<10 {
        let expected = revision
        let results = try await withThrowingTaskGroup(of: CompareAndSetResult.self) { group in
          for writer in 0..<10 {
            group.addTask {
              try await store.set(
                .breaker, [UInt8(round), UInt8(writer)], ifRevision: expected)
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
    },
    StoreCheck("of many that read, change and write again no change is lost") {
      (store, _) async throws in
      try await store.write(.breaker, [0])
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            for _ in 0..<5 {
              while true {
                let old = try #require(try await store.get(.breaker))
                let new = [old.value[0] + 1]
                if case .stored = try await store.set(.breaker, new, ifRevision: old.revision) {
                  break
                }
              }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await store.get(.breaker)?.value == [40])
    },
    StoreCheck("what has expired is not there, and what is written again lives anew") {
      (store, _) async throws in
      try await store.put(.breaker, [1], lifetime: .milliseconds(30))
      try await eventually("it has expired") { try await store.get(.breaker) == nil }
      guard case .stored = try await store.set(.breaker, [2], ifRevision: 0) else {
        Issue.record("something is there")
        return
      }
      try await store.put(.breaker, [3], lifetime: .zero)
      try await eventually("it has expired") { try await store.get(.breaker) == nil }
      try await store.put(.breaker, [4], lifetime: .seconds(Int64.max))
      #expect(try await store.get(.breaker)?.value == [4])
    },
    StoreCheck("what is announced is heard, and nothing else") { (store, events) async throws in
      try await store.put(.breaker, [9], lifetime: .seconds(60))
      _ = try await store.set(StateKey(group: "a", name: "b"), [9], ifRevision: 0)
      try await store.write(.breaker, [1, 10, 2])
      let stored = try #require(try await store.get(.breaker))
      try await eventually("it is heard") { events.contains(.changed(.breaker, stored)) }
      #expect(events.count { if case .changed = $0 { true } else { false } } == 1)
    },
    StoreCheck("keys and values have bounds") { (store, _) async throws in
      let longest = StateKey(
        group: String(repeating: "g", count: 500), name: "{of} a val}")
      try await store.put(longest, [1], lifetime: .seconds(60))
      #expect(try await store.get(longest)?.value == [1])
      for key in [
        StateKey(group: longest.group, name: longest.name + "12"), StateKey(group: "ü", name: "a"),
        StateKey(group: "a\nb", name: "a"), StateKey(group: "a", name: "\0"),
      ] {
        let error = await #expect(throws: StateError.self) {
          try await store.put(key, [1], lifetime: .seconds(1))
        }
        #expect(error?.kind == .refused)
        await #expect(throws: StateError.self) { try await store.remove(key) }
      }
      let error = await #expect(throws: StateError.self) {
        try await store.put(
          .breaker, Array(repeating: 1, count: 1 << 20 + 1), lifetime: .seconds(1))
      }
      #expect(error?.kind == .refused)
    },
    StoreCheck("no two keys are one, whatever is in them") { (store, _) async throws in
      let keys = [("a", "b"), ("a}", "b"), ("a", "}b"), ("{a", "b"), ("", "ab"), ("a%7d", "b")]
        .map { StateKey(group: $0, name: $1) }
      for (index, key) in keys.enumerated() {
        try await store.put(key, [UInt8(index)], lifetime: .seconds(60))
      }
      for (index, key) in keys.enumerated() {
        #expect(try await store.get(key)?.value == [UInt8(index)])
      }
    },
    StoreCheck("what operations took is counted") { (store, _) async throws in
      try await store.write(.breaker, [1])
      let counts = store.statistics.counts
      #expect(store is MemoryStore || counts.answers >= 2)
      #expect(counts.durations.last == counts.answers)
      #expect(counts.durations == counts.durations.sorted())
    },
  ]

  private static let window = StateKey(group: "breaker:a", name: "window:0.1")

  private static let counters = [
    StoreCheck("counters are summed over a sliding window, and none is lost") {
      (store, _) async throws in
      @Sendable func add(_ bucket: Int64, _ numbers: [Int64]) async throws -> [Int64] {
        try await store.count(
          window, bucket: bucket, window: 3, adding: numbers, lifetime: .seconds(60))
      }
      #expect(try await add(100, [1, 0, 2]) == [1, 0, 2])
      #expect(try await add(101, [1, 1, 0]) == [2, 1, 2])
      #expect(try await add(102, [0, 0, 0]) == [2, 1, 2])
      #expect(try await add(103, [5, 0, 0]) == [6, 1, 0], "the first part has left the window")
      #expect(try await add(101, [1, 0, 0]) == [2, 1, 0], "a late one counts where it belongs")
      #expect(try await add(90, [1, 0, 0]) == [0, 0, 0], "one that is too late is forgotten")
      #expect(try await add(900, [1, 1, 1]) == [1, 1, 1])
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<50 { group.addTask { _ = try await add(901, [1, 2, 0]) } }
        try await group.waitForAll()
      }
      #expect(try await add(901, [0, 0, 0]) == [51, 101, 1])
      #expect(try await add(1903, [7, 0, 0]) == [7, 0, 0])
      #expect(try await add(1902, [1, 0, 0]) == [8, 0, 0], "another clock is a little ahead")
      #expect(try await add(1901, [1, 0, 0]) == [2, 0, 0], "another one is not that much")
    },
    StoreCheck("counters are forgotten after their time") { (store, _) async throws in
      try await eventually("nothing is left of what was added before") {
        let sums = try await store.count(
          window, bucket: 1, window: 3, adding: [1], lifetime: .milliseconds(1))
        return sums == [1]
      }
    },
    StoreCheck("counters are exact up to 2^53 - 1, and stop there") { (store, _) async throws in
      let most: Int64 = 1 << 53 - 1
      func add(_ bucket: Int64, _ number: Int64) async throws -> [Int64] {
        try await store.count(
          window, bucket: bucket, window: 1000, adding: [number, 1], lifetime: .seconds(60))
      }
      #expect(try await add(-5, most - 2) == [most - 2, 1])
      #expect(try await add(-5, 1) == [most - 1, 2])
      #expect(try await add(-4, 1) == [most, 3])
      #expect(try await add(-4, 1) == [most, 4])
      #expect(try await add(0, .max) == [most, 5])
      #expect(try await add(900, 0) == [most, 6])
      #expect(try await add(1500, -3) == [-3, 2], "the first parts have left the window")
    },
    StoreCheck("windows have bounds") { (store, _) async throws in
      for (bucket, window, adding) in [
        (1, 0, [1]), (1, 1001, [1]), (1, 3, []), (1, 3, Array(repeating: 1, count: 9)),
        (.max, 3, [1]), (.min, 3, [1]),
      ] as [(Int64, Int64, [Int64])] {
        let error = await #expect(throws: StateError.self) {
          try await store.count(
            Self.window, bucket: bucket, window: window, adding: adding, lifetime: .seconds(60))
        }
        #expect(error?.kind == .refused)
      }
    },
    StoreCheck("a value and a window of one name have nothing to do with each other") {
      (store, _) async throws in
      try await store.put(window, [1], lifetime: .seconds(60))
      func add() async throws -> [Int64] {
        try await store.count(
          window, bucket: 1, window: 3, adding: [1], lifetime: .seconds(60))
      }
      #expect(try await add() == [1])
      #expect(try await store.get(window)?.value == [1])
      try await store.remove(window)
      #expect(try await add() == [2])
    },
  ]
}
