import SeededRandom
import State
import Synchronization
import TestSupport
import Testing

@testable import Resilience

@Suite("Breakers that gateways share", .bounded, .timeLimit(.minutes(10)))
struct BreakerBoardTests {
  @Test("five failures spread over three gateways open the breaker in all of them")
  func spread() async throws {
    let bench = await BoardBench(3)
    defer { bench.close() }
    for index in [0, 1, 2, 0] { bench.fail(at: index) }
    try await eventually("the four are counted together") {
      bench.breakers[0].report.total.failures == 4 || bench.breakers[1].report.total.failures == 4
        || bench.breakers[2].report.total.failures == 4
    }
    #expect(bench.breakers.allSatisfy { $0.report.state == .closed })
    bench.fail(at: 1)
    try await eventually("it is open in all") {
      bench.breakers.allSatisfy { $0.report.state != .closed }
    }
    let untils = Set(bench.breakers.map { $0.report.nextTrialAt })
    #expect(untils.count == 1, "all go by the same deadline")
    for observer in bench.observers {
      #expect(observer.transitions.contains { $0.to != .closed })
    }
  }

  @Test("failures in a row are those of all gateways, unless a call of any has succeeded")
  func inARow() async throws {
    var settings = BreakerSettings.chat
    settings.failureRate = nil
    let bench = await BoardBench(3, settings: settings)
    defer { bench.close() }
    bench.succeed(at: 2)
    await bench.breakers[2].sendCountsNow()
    for index in [0, 1, 0, 1, 0, 1] { bench.fail(at: index) }
    try await eventually("all are counted") {
      bench.breakers.contains { $0.report.total == CallCounts(calls: 7, failures: 6) }
    }
    #expect(bench.breakers.allSatisfy { $0.report.state == .closed })
    bench.wait(60_000)
    for index in [0, 1, 2, 0, 1] { bench.fail(at: index) }
    try await eventually("it is open in all") {
      bench.breakers.allSatisfy { $0.report.state.name == "open" }
    }
    #expect(bench.observers.contains { $0.transitions.first?.reason == .consecutiveFailures })
  }

  @Test("what was counted before a restart counts after it")
  func restart() async throws {
    let store = MemoryStore()
    let first = await BoardBench(1, over: store)
    for _ in 0..<4 { first.fail(at: 0) }
    try await eventually("four are counted") { first.breakers[0].report.total.failures == 4 }
    first.close()
    let second = await BoardBench(1, over: store)
    defer { second.close() }
    #expect(second.breakers[0].report.state == .closed)
    second.fail(at: 0)
    try await eventually("the fifth opens it") { second.breakers[0].report.state != .closed }
  }

  @Test("a breaker is open after a restart, with the same deadline")
  func deadline() async throws {
    let store = MemoryStore()
    let first = await BoardBench(1, over: store)
    try await first.openEverywhere()
    let until = first.breakers[0].report.nextTrialAt
    try await eventually("the store knows") {
      try await store.get(BoardBench.key.stateKey) != nil
    }
    first.close()
    let second = await BoardBench(1, over: store)
    defer { second.close() }
    #expect(second.breakers[0].report.nextTrialAt == until)
    #expect(until != nil)
  }

  @Test("of many gateways that ask for the trial at once one gets it", arguments: 0..<20)
  func trial(_: Int) async throws {
    let bench = await BoardBench(3)
    defer { bench.close() }
    try await bench.openEverywhere()
    bench.wait(800_000)
    let permits = await withTaskGroup(of: CallPermit?.self) { group in
      for _ in 0..<10 {
        for breaker in bench.breakers { group.addTask { await breaker.takeTrial() } }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let granted = permits.compactMap { $0 }
    #expect(granted.count == 1)
    let owner = try #require(granted.first)
    let winner = try #require(
      bench.breakers.first { breaker in
        guard case .trial(let token) = owner else { return false }
        return token.owner == breaker.board.configuration.owner
      })
    winner.record(.success(durationMs: 5), of: owner)
    try await eventually("it is closed in all") {
      bench.breakers.allSatisfy { $0.report.state == .closed }
    }
  }

  @Test("a gateway that dies with the trial delays the next by its lease")
  func lease() async throws {
    let bench = await BoardBench(2)
    defer { bench.close() }
    try await bench.openEverywhere()
    bench.wait(800_000)
    #expect(await bench.breakers[0].takeTrial() != nil)
    #expect(await bench.breakers[1].takeTrial() == nil)
    // The clock goes on by itself as well, on a busy machine by seconds.
    bench.wait(5_000)
    #expect(await bench.breakers[1].takeTrial() == nil)
    bench.wait(25_001)
    #expect(await bench.breakers[1].takeTrial() != nil)
  }

  @Test("a trial whose answer goes on closes in all; where that breaks off, it counts for all")
  func longTrial() async throws {
    var settings = BreakerSettings()
    settings.failureCount = 1
    let bench = await BoardBench(2, settings: settings)
    defer { bench.close() }
    try await bench.openUntilTrial()
    let permit = try #require(await bench.breakers[0].takeTrial())
    guard case .trial(let token) = permit else { throw TestError("no trial") }
    let rest = bench.breakers[0].passTrial(token, durationMs: 5)
    try await eventually("it is closed in both") {
      bench.breakers.allSatisfy { $0.report.state == .closed }
    }
    bench.wait(60_000)
    bench.breakers[0].record(.failure, of: rest, reason: "reset")
    try await eventually("it is open in both") {
      bench.breakers.allSatisfy { $0.report.state.name == "open" }
    }
  }

  @Test("without a store each gateway goes on by itself, and they agree when it is back")
  func storeAway() async throws {
    let store = FlakyStore()
    let bench = await BoardBench(2, over: store)
    defer { bench.close() }
    store.setAvailable(false)
    for _ in 0..<5 { bench.fail(at: 0) }
    #expect(bench.breakers[0].report.state != .closed)
    #expect(bench.breakers[1].report.state == .closed)
    #expect(bench.breakers[0].report.isShared == false)
    store.setAvailable(true)
    try await eventually("the more cautious state holds in both") {
      bench.breakers.allSatisfy { $0.report.state != .closed }
    }
    store.setAvailable(false)
    bench.wait(800_000)
    let permit = await bench.breakers[0].takeTrial()
    bench.breakers[0].record(.success(durationMs: 1), of: try #require(permit))
    #expect(bench.breakers[0].report.state == .closed)
    store.setAvailable(true)
    try await eventually("the newer state holds in both") {
      bench.breakers.allSatisfy { $0.report.state == .closed }
    }
  }

  @Test("a store that was emptied is filled again by those who know")
  func emptied() async throws {
    let store = FlakyStore()
    let bench = await BoardBench(1, over: store)
    defer { bench.close() }
    try await bench.openEverywhere()
    try await eventually("it is stored") { try await store.get(BoardBench.key.stateKey) != nil }
    try await store.remove(BoardBench.key.stateKey)
    await bench.breakers[0].compareNow()
    #expect(try await store.get(BoardBench.key.stateKey) != nil)
  }

  @Test("what an operator decides holds in all gateways, and is told with the operator's name")
  func operators() async throws {
    let bench = await BoardBench(2)
    defer { bench.close() }
    bench.breakers[0].perform(.forceOpen, by: "key 12ab")
    try await eventually("it is forced open in both") {
      bench.breakers.allSatisfy { $0.report.state == .forcedOpen }
    }
    #expect(bench.observers[0].commands.first?.1 == "key 12ab")
    bench.breakers[1].perform(.auto, by: "key 12ab")
    try await eventually("it is closed in both") {
      bench.breakers.allSatisfy { $0.report.state == .closed }
    }
    bench.breakers[1].perform(.open, by: "key 12ab")
    try await eventually("it is open in both") {
      bench.breakers.allSatisfy { $0.report.nextTrialAt != nil }
    }
    bench.breakers[0].perform(.reset, by: "key 12ab")
    try await eventually("it is closed in both") {
      bench.breakers.allSatisfy { $0.report.state == .closed && $0.report.counts.calls == 0 }
    }
  }

  @Test("a rejected key keeps every gateway away")
  func badKey() async throws {
    let bench = await BoardBench(2)
    defer { bench.close() }
    bench.breakers[0].record(.badKey, of: bench.breakers[0].lastResortPermit)
    try await eventually("both know") {
      bench.breakers.allSatisfy { breaker in
        if case .badKey = breaker.report.state { return true }
        return false
      }
    }
    #expect(bench.breakers[0].report.lastFailure?.reason == "bad_key")
  }

  @Test("times that were never shared follow the store's clock")
  func clocks() async throws {
    let store = FlakyStore()
    store.setAvailable(false)
    let board = BreakerBoard(.init(owner: "a"), store: store)
    defer { board.close() }
    await board.start([BoardBench.key], within: .milliseconds(1))
    let breaker = board.breaker(BoardBench.key)
    for _ in 0..<5 { breaker.record(.failure, of: breaker.lastResortPermit) }
    let before = try #require(breaker.report.nextTrialAt) - breaker.report.now
    store.clock.set(to: store.clock.now + 600_000)
    store.setAvailable(true)
    try await eventually("it is stored") { try await store.get(BoardBench.key.stateKey) != nil }
    let after = try #require(breaker.report.nextTrialAt) - breaker.report.now
    #expect(abs(before - after) < 60_000, "\(before) \(after)")
  }

  @Test("further models of a provider share a breaker where there are too many")
  func capacity() async {
    var configuration = BreakerBoard.Configuration(owner: "a")
    configuration.capacity = 3
    let board = BreakerBoard(configuration, store: MemoryStore())
    let breakers = (0..<6).map { board.breaker(BreakerKey(.chat, provider: "p", model: "\($0)")) }
    #expect(breakers[0] !== breakers[1])
    #expect(breakers[4] === breakers[5])
    #expect(breakers[5].key.model == "*")
    #expect(board.all.count == 4)
  }

  @Test("what a call finds of a key says nothing against a reset of another model since it began")
  func siblings() async throws {
    let bench = await BoardBench(1)
    defer { bench.close() }
    let board = bench.boards[0]
    let other = board.breaker(
      BreakerKey(BoardBench.key.kind, provider: BoardBench.key.provider, model: "other"))
    bench.wait(1000)
    other.perform(.reset, by: "test")
    bench.wait(1000)
    board.tellSiblings(
      of: bench.breakers[0], .outOfCredit, after: .seconds(2), reason: "out_of_credit")
    #expect(other.report.state == .closed)
    board.tellSiblings(
      of: bench.breakers[0], .outOfCredit, after: .milliseconds(500), reason: "out_of_credit")
    #expect(other.report.state != .closed)
  }

  @Test("no name breaks a store's rules")
  func names() {
    for name in ["a b", "{x}", "ü", "%", String(repeating: "m", count: 5000), "\n", ""] {
      let key = BreakerKey(.image, provider: "p", model: name)
      let text = key.stateKey.group + key.stateKey.name
      #expect(text.utf8.count <= 512)
      #expect(text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "{") })
    }
    let long = String(repeating: "m", count: 5000)
    #expect(
      BreakerKey(.image, provider: "p", model: long + "1").group
        != BreakerKey(.image, provider: "p", model: long + "2").group)
  }

  @Test("a snapshot is read as it was written, and nothing else is")
  func bytes() {
    var generator = SeededGenerator(7)
    for _ in 0..<500 {
      let snapshot = BreakerSnapshot.random(using: &generator)
      #expect(BreakerSnapshot(bytes: snapshot.bytes) == snapshot)
      var broken = snapshot.bytes
      broken[Int.random(in: 0..<broken.count, using: &generator)] = UInt8.random(
        in: 0...255, using: &generator)
      _ = BreakerSnapshot(bytes: broken)
    }
    #expect(BreakerSnapshot(bytes: []) == nil)
    #expect(BreakerSnapshot(bytes: Array(repeating: 0x61, count: 10_000)) == nil)
  }
}
