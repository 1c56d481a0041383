import State
import TestSupport
import Testing

@testable import Resilience

/// A store that fails while it is told something, and one that comes back having lost something.
@Suite("A store that fails over", .bounded, .timeLimit(.minutes(10)))
struct BoardFailoverTests {
  private static let stateKey = BoardBench.key.stateKey

  /// Gateways that compare nothing with the store unless it tells them to.
  private static func bench(
    _ count: Int, _ store: FlakyStore, threshold: Int
  ) async -> BoardBench {
    var settings = BreakerSettings()
    settings.failureCount = threshold
    return await BoardBench(
      count, over: store, settings: settings, upkeepInterval: .seconds(100_000))
  }

  private static func isStored(_ state: String, in store: some StateStore) async throws -> Bool {
    let value = try await store.get(stateKey)
    guard let snapshot = value.flatMap({ BreakerSnapshot(bytes: $0.value) }) else { return false }
    let breaker = CircuitBreaker(snapshot: snapshot)
    return breaker.state(now: store.clock.now).name == state
  }

  @Test("what was being told when it went away is told when it is back, and what comes later too")
  func wentAwayMeanwhile() async throws {
    let inner = MemoryStore()
    let store = FlakyStore(inner)
    let bench = await Self.bench(1, store, threshold: 1)
    defer { bench.close() }
    // What is written next is lost, with its answer.
    store.afterNext { () throws(StateError) in
      store.setAvailable(false)
      try await inner.remove(Self.stateKey)
      throw StateError(.timedOut, "killed")
    }
    bench.breakers[0].perform(.open, by: "test")
    try await eventually("it has gone away") { !store.isAvailable }
    store.setAvailable(true)
    try await eventually("what was lost is stored") {
      try await Self.isStored("open", in: inner)
    }
    bench.breakers[0].perform(.close, by: "test")
    try await eventually("what came later is stored") {
      try await Self.isStored("closed", in: inner)
    }
  }

  @Test("what was read before it lost everything is not taken for what it has")
  func readBefore() async throws {
    let inner = MemoryStore()
    let store = FlakyStore(inner)
    let bench = await Self.bench(1, store, threshold: 1)
    defer { bench.close() }
    bench.breakers[0].perform(.open, by: "test")
    try await eventually("it is stored") { try await Self.isStored("open", in: inner) }
    let breaker = bench.breakers[0]
    store.afterNext { () throws(StateError) in
      try await inner.remove(Self.stateKey)
      // It returns at once: whoever reads at the moment is to look again.
      await breaker.compareNow()
    }
    await breaker.compareNow()
    #expect(try await Self.isStored("open", in: inner), "what was lost is stored again")
  }

  @Test("a part of it that has lost its last writings is told them again")
  func replaced() async throws {
    let inner = MemoryStore()
    let store = FlakyStore(inner)
    let bench = await Self.bench(2, store, threshold: 1)
    defer { bench.close() }
    try await bench.openEverywhere()
    try await eventually("it is stored") { try await Self.isStored("open", in: inner) }
    try await inner.remove(Self.stateKey)
    store.replace()
    try await eventually("it is stored again") { try await Self.isStored("open", in: inner) }
  }

  @Test("failures that could not be counted together are, once it is back")
  func countedLater() async throws {
    let store = FlakyStore()
    let bench = await Self.bench(3, store, threshold: 3)
    defer { bench.close() }
    store.setAvailable(false)
    for index in 0..<3 { bench.fail(at: index) }
    #expect(bench.breakers.allSatisfy { $0.report.state == .closed })
    store.setAvailable(true)
    try await eventually("it is open in all") {
      bench.breakers.allSatisfy { $0.report.state.name == "open" }
    }
  }

  @Test("failures whose count was not answered count once")
  func unanswered() async throws {
    let store = FlakyStore()
    let bench = await Self.bench(2, store, threshold: 3)
    defer { bench.close() }
    store.afterNext { () throws(StateError) in
      store.setAvailable(false)
      throw StateError(.timedOut, "killed")
    }
    bench.fail(at: 0)
    try await eventually("it has gone away") { !store.isAvailable }
    store.setAvailable(true)
    try await eventually("all ask what was counted") {
      bench.breakers.allSatisfy { $0.report.total.failures == 1 }
    }
    bench.fail(at: 1)
    try await eventually("two are counted") { bench.breakers[1].report.total.failures == 2 }
    #expect(bench.breakers.allSatisfy { $0.report.state == .closed })
    bench.fail(at: 0)
    try await eventually("the third opens it in all") {
      bench.breakers.allSatisfy { $0.report.state.name == "open" }
    }
  }

  @Test("failures that the store was told of, but did not take in time, are told again")
  func timedOut() async throws {
    let store = FlakyStore()
    let bench = await Self.bench(2, store, threshold: 3)
    defer { bench.close() }
    store.refuse(StateError(.timedOut, "no answer"))
    for _ in 0..<2 { bench.fail(at: 0) }
    await bench.breakers[0].sendCountsNow()
    store.refuse(nil)
    await bench.breakers[0].compareNow()
    bench.fail(at: 1)
    try await eventually("it is open in all") {
      bench.breakers.allSatisfy { $0.report.state.name == "open" }
    }
  }

  @Test("counts that it has lost without a word are told again")
  func lostCounts() async throws {
    let store = FlakyStore()
    let bench = await Self.bench(2, store, threshold: 3)
    defer { bench.close() }
    for index in 0..<2 { bench.fail(at: index) }
    try await eventually("both are counted") {
      await bench.breakers[0].sendCountsNow()
      return bench.breakers[0].report.total.failures == 2
    }
    store.loseCounts()
    for breaker in bench.breakers { await breaker.compareNow() }
    bench.fail(at: 0)
    try await eventually("the third opens it in all") {
      bench.breakers.allSatisfy { $0.report.state.name == "open" }
    }
  }

  @Test("breakers are compared with it together, not one after the other")
  func together() async throws {
    let store = FlakyStore()
    let bench = await Self.bench(1, store, threshold: 3)
    defer { bench.close() }
    for number in 0..<20 {
      _ = bench.boards[0].breaker(BreakerKey(.image, provider: "p", model: "m\(number)"))
    }
    try await eventually("all are compared") {
      bench.boards[0].all.allSatisfy { $0.report.isShared && !$0.owesStore }
    }
    store.holdReadings(until: 21)
    store.replace()
    try await eventually("all are asked for at one time") { store.heldReadings == 0 }
  }

  @Test("failures of a long time without it are not counted as if they were new")
  func outdated() async throws {
    let store = FlakyStore()
    let bench = await Self.bench(1, store, threshold: 3)
    defer { bench.close() }
    store.setAvailable(false)
    for _ in 0..<4 {
      bench.fail(at: 0)
      bench.wait(500_000)
    }
    #expect(bench.breakers[0].report.state == .closed, "never three within ten minutes")
    store.setAvailable(true)
    bench.fail(at: 0)
    try await eventually("those of the last ten minutes are counted") {
      bench.breakers[0].report.total.failures == 2
    }
    #expect(bench.breakers[0].report.state == .closed)
  }
}
