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

  private static let window = StateKey(group: "breaker:a", name: "counts:0.1")

  private static let counters = [
    StoreCheck("counters are summed over a sliding window, and over all who count") {
      (store, _) async throws in
      @Sendable func tell(
        _ member: String, _ told: PartCounts, at newest: Int64
      ) async throws -> [Int64] {
        try await store.count(
          window, by: member, told, over: CountedWindow(newest: newest, parts: 3, counters: 3),
          lifetime: .seconds(60))
      }
      #expect(try await tell("a", [100: [1, 0, 2]], at: 100) == [1, 0, 2])
      #expect(try await tell("b", [101: [1, 1, 0]], at: 101) == [2, 1, 2])
      #expect(try await tell("a", [100: [1, 0, 2]], at: 101) == [2, 1, 2], "told again")
      #expect(try await tell("a", [100: [0, 7, 1]], at: 101) == [2, 8, 2], "the larger one holds")
      #expect(try await tell("a", [:], at: 102) == [2, 8, 2])
      #expect(try await tell("a", [100: [9, 9, 9], 103: [5, 0, 0]], at: 103) == [6, 1, 0])
      #expect(try await tell("a", [:], at: 102) == [7, 8, 2], "a clock is a little behind")
      #expect(try await tell("c", [101: [1]], at: 101) == [3, 8, 2], "a late one")
      #expect(try await tell("d", [899: [1], 900: [1, 1, 1]], at: 900) == [2, 1, 1])
      #expect(try await tell("a", [:], at: 103) == [0, 0, 0], "the first parts are forgotten")
      #expect(try await tell("a", [103: [1]], at: 103) == [1, 0, 0], "the clock was set back")
      #expect(try await tell("b", [104: [1]], at: 104) == [2, 0, 0], "and goes on")
      #expect(try await tell("d", [:], at: 900) == [0, 0, 0], "what it had counted ahead is gone")
    },
    StoreCheck("none that counts at the same time is lost") { (store, _) async throws in
      let counted = CountedWindow(newest: 901, parts: 3, counters: 2)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for member in 0..<10 {
          for count in (1...5).shuffled() as [Int64] {
            group.addTask {
              _ = try await store.count(
                window, by: "\(member)", [901: [count, 2 * count], 900: [1]], over: counted,
                lifetime: .seconds(60))
            }
          }
        }
        try await group.waitForAll()
      }
      let sums = try await store.count(window, by: "x", [:], over: counted, lifetime: .seconds(60))
      #expect(sums == [60, 100])
    },
    StoreCheck("counters are forgotten after their time") { (store, _) async throws in
      let counted = CountedWindow(newest: 1, parts: 3, counters: 1)
      var told: Int64 = 1000
      try await eventually("nothing is left of what was told before") {
        told -= 1
        return try await store.count(
          window, by: "a", [1: [told]], over: counted, lifetime: .milliseconds(1)) == [told]
          && told < 999
      }
    },
    StoreCheck("counters are exact up to 2^53 - 1, and stop there") { (store, _) async throws in
      let most: Int64 = 1 << 53 - 1
      func tell(_ member: String, _ part: Int64, _ number: Int64) async throws -> [Int64] {
        try await store.count(
          window, by: member, [part: [number, 1]],
          over: CountedWindow(newest: part, parts: 1000, counters: 2), lifetime: .seconds(60))
      }
      #expect(try await tell("a", 5, most - 2) == [most - 2, 1])
      #expect(try await tell("b", 5, 1) == [most - 1, 2])
      #expect(try await tell("a", 6, 1) == [most, 3])
      #expect(try await tell("b", 6, 1) == [most, 4])
      #expect(try await tell("b", 10, .max) == [most, 5])
      #expect(try await tell("c", 10, .max) == [most, 6])
      #expect(try await tell("a", 2000, -3) == [0, 1], "the first parts have left the window")
    },
    StoreCheck("what lies outside of the window, or is more than its counters, counts nowhere") {
      (store, _) async throws in
      let counted = CountedWindow(newest: 10, parts: 3, counters: 1)
      let told: PartCounts = [7: [1], 8: [2, 7], 11: [4], 12: [8], -1: [16], .max: [32]]
      #expect(
        try await store.count(window, by: "a", told, over: counted, lifetime: .seconds(60)) == [6])
    },
    StoreCheck("windows have bounds") { (store, _) async throws in
      for (newest, parts, counters, member) in [
        (1, 0, 1, "a"), (1, 1001, 1, "a"), (1, 3, 0, "a"), (1, 3, 9, "a"), (.max, 3, 1, "a"),
        (-1, 3, 1, "a"), (1, 3, 1, ""), (1, 3, 1, "a b"), (1, 3, 1, "ä"),
        (1, 3, 1, String(repeating: "a", count: 129)),
      ] as [(Int64, Int64, Int, String)] {
        let error = await #expect(throws: StateError.self) {
          try await store.count(
            Self.window, by: member, [1: [1]],
            over: CountedWindow(newest: newest, parts: parts, counters: counters),
            lifetime: .seconds(60))
        }
        #expect(error?.kind == .refused)
      }
    },
    StoreCheck("a value and a window of one name have nothing to do with each other") {
      (store, _) async throws in
      try await store.put(window, [1], lifetime: .seconds(60))
      func tell(_ member: String) async throws -> [Int64] {
        try await store.count(
          window, by: member, [1: [1]], over: CountedWindow(newest: 1, parts: 3, counters: 1),
          lifetime: .seconds(60))
      }
      #expect(try await tell("a") == [1])
      #expect(try await store.get(window)?.value == [1])
      try await store.remove(window)
      #expect(try await tell("b") == [2])
    },
  ]
}

extension StateStore {
  /// Has a member tell of a window of three parts, with one counter.
  func count(
    _ key: StateKey, by member: String = "a", _ counts: [Int64: Int64], at newest: Int64,
    lifetime: Duration = .seconds(60)
  ) async throws(StateError) -> Int64? {
    let window = CountedWindow(newest: newest, parts: 3, counters: 1)
    return try await count(
      key, by: member, counts.mapValues { [$0] }, over: window, lifetime: lifetime
    ).first
  }
}
