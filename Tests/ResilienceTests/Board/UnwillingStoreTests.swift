import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Resilience
@testable import State

/// A store that is there, and does not do what it is asked, or too late: an open breaker must not
/// wait for it.
@Suite("A store that refuses, or is slow", .bounded, .timeLimit(.minutes(10)))
struct UnwillingStoreTests {
  @Test(
    "one that takes no writings keeps nobody from a trial, and is told all once it does",
    arguments: [StateError.Kind.refused, .malformed, .unavailable])
  func refuses(_ kind: StateError.Kind) async throws {
    let inner = MemoryStore()
    let store = FlakyStore(inner)
    let bench = await BoardBench(1, over: store, upkeepInterval: .seconds(100_000))
    defer { bench.close() }
    let breaker = bench.breakers[0]
    try await bench.openUntilTrial()
    store.refuse(StateError(kind, "out of memory"))
    let permit = try #require(await breaker.takeTrial(), "the gateway decides for itself")
    breaker.record(.success(durationMs: 1), of: permit)
    #expect(breaker.report.state == .closed)
    try await eventually("what it knows is its own") { !breaker.report.isShared }
    #expect(!bench.boards[0].hasStore)
    store.refuse(nil)
    try await eventually("the store is told") {
      let value = try await inner.get(BoardBench.key.stateKey)
      let snapshot = value.flatMap { BreakerSnapshot(bytes: $0.value) }
      return snapshot?.core.phase == .closed && breaker.report.isShared
    }
    #expect(bench.boards[0].hasStore)
    #expect(bench.observers[0].storeWords == ["there", "out of memory", "there"])
  }

  @Test("one of which a part is away is told of, and as there again once that is found out")
  func partlyAway() async throws {
    let store = FlakyStore()
    let bench = await BoardBench(1, over: store, upkeepInterval: .milliseconds(50))
    defer { bench.close() }
    store.refuse(StateError(.unavailable, "a part is away"))
    bench.fail(at: 0)
    try await eventually("it is told") { !bench.boards[0].hasStore }
    store.refuse(nil)
    try await eventually("it is told that it is back") { bench.boards[0].hasStore }
    #expect(bench.observers[0].storeWords == ["there", "a part is away", "there"])
    #expect(bench.breakers[0].report.total.failures == 1, "what it missed is told to it")
  }

  @Test("one that refuses some writings and takes others is told of once, until it takes all")
  func refusesSome() async throws {
    let bench = await BoardBench(1)
    defer { bench.close() }
    let (board, other) = (bench.boards[0], BreakerKey(.chat, provider: "a", model: "m"))
    for _ in 0..<3 {
      board.noteWriting(BoardBench.key, StateError(.refused, "full"))
      board.noteWriting(other, nil)
      #expect(!board.hasStore)
    }
    board.noteWriting(BoardBench.key, nil)
    #expect(board.hasStore)
    #expect(bench.observers[0].storeWords == ["there", "full", "there"])
  }

  @Test("an operator's word is known to be stored once it is, and not waited for too long")
  func storedWord() async throws {
    let inner = MemoryStore()
    let store = FlakyStore(inner)
    let bench = await BoardBench(1, over: store, upkeepInterval: .seconds(100_000))
    defer { bench.close() }
    let breaker = bench.breakers[0]
    func stored() async throws -> OperatorOverride.Mode? {
      let value = try await inner.get(BoardBench.key.stateKey)
      return value.flatMap { BreakerSnapshot(bytes: $0.value) }?.override.mode
    }
    breaker.perform(.forceOpen, by: "test")
    #expect(await breaker.store(within: .seconds(100)))
    #expect(try await stored() == .forcedOpen)
    store.refuse(StateError(.refused, "full"))
    breaker.perform(.auto, by: "test")
    #expect(await !breaker.store(within: .seconds(100)))
    store.refuse(nil)
    try await eventually("it is told later") { try await stored() == OperatorOverride.Mode.none }
    store.setAvailable(false)
    #expect(await !breaker.store(within: .seconds(100)))
  }

  @Test("nobody waits for a store that hangs, to know whether an operator's word is stored")
  func hangs() async throws {
    let store = FlakyStore()
    let bench = await BoardBench(1, over: store, upkeepInterval: .seconds(100_000))
    defer { bench.close() }
    store.hang()
    bench.breakers[0].perform(.forceOpen, by: "test")
    #expect(await !bench.breakers[0].store(within: .milliseconds(1)))
  }

  @Test("a file that another process holds is away, which is told, and is told all once it is free")
  func held() async throws {
    let folder = try TemporaryFolder.make("held")
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("easel.db").path
    let store = try SQLiteStore(path: path)
    let bench = await BoardBench(1, over: store, upkeepInterval: .seconds(100_000))
    defer { bench.close() }
    let (board, breaker) = (bench.boards[0], bench.breakers[0])
    let holder = try SQLiteDatabase(path: path)
    try holder.run("BEGIN IMMEDIATE")
    breaker.perform(.forceOpen, by: "test")
    try await eventually("that it is away is told") { bench.observers[0].storeWords.count == 2 }
    #expect(bench.observers[0].storeWords[1].contains("another process holds the store"))
    #expect(!board.hasStore && !breaker.report.isShared)
    #expect(await !breaker.store(within: .seconds(100)))
    try holder.run("ROLLBACK")
    try await eventually("it is told all") {
      let value = try await store.get(BoardBench.key.stateKey)
      return value.flatMap { BreakerSnapshot(bytes: $0.value) }?.override.mode == .forcedOpen
    }
    try await eventually("it is there") { board.hasStore && breaker.report.isShared }
    #expect(bench.observers[0].storeWords.count == 3)
    holder.close()
    await store.close()
  }

  @Test("a trial whose answer may have been lost is nobody's until it is known")
  func timesOut() async throws {
    let store = FlakyStore()
    let bench = await BoardBench(1, over: store, upkeepInterval: .seconds(100_000))
    defer { bench.close() }
    try await bench.openEverywhere()
    store.refuse(StateError(.timedOut, "no answer"))
    bench.wait(800_000)
    #expect(await bench.breakers[0].takeTrial() == nil)
    store.refuse(nil)
    #expect(await bench.breakers[0].takeTrial() != nil)
  }

  @Test("a trial that is granted too late for its request is the next one's")
  func late() async throws {
    let store = FlakyStore()
    let bench = await BoardBench(
      2, over: store, claimLimit: .zero, upkeepInterval: .seconds(100_000))
    defer { bench.close() }
    try await bench.openUntilTrial()
    let (first, second) = (bench.breakers[0], bench.breakers[1])
    let answered = FirstAnswer<Void>()
    store.beforeNextChange { () throws(StateError) in await answered.value }
    #expect(await first.takeTrial() == nil, "it waits no longer than it should")
    answered.give(())
    try await eventually("the trial is kept") { first.admission() == .trialAvailable }
    try await eventually("the others know") {
      if case .refused(.trialRunning, _) = second.admission() { true } else { false }
    }
    let permit = try #require(await first.takeTrial(), "though the store is as slow as before")
    #expect(await first.takeTrial() == nil, "once")
    first.record(.success(durationMs: 5), of: permit)
    try await eventually("it is closed in both") {
      bench.breakers.allSatisfy { $0.report.state == .closed }
    }
  }

  @Test(
    "after some trials in a row that nobody came for, the next does not wait, unless another was made",
    arguments: [true, false])
  func givenBack(isAlone: Bool) async throws {
    let store = FlakyStore()
    let bench = await BoardBench(
      2, over: store, claimLimit: .milliseconds(1), keepTime: .zero,
      upkeepInterval: .seconds(100_000))
    defer { bench.close() }
    let (first, second) = (bench.breakers[0], bench.breakers[1])
    try await bench.openUntilTrial()
    for round in 1...3 {
      let answered = FirstAnswer<Void>()
      store.beforeNextChange { () throws(StateError) in await answered.value }
      #expect(await first.takeTrial() == nil, "the store is asked")
      answered.give(())
      try await eventually("it was taken, and is offered again") {
        bench.observers[1].transitions.count { $0.to.name == "half_open" } == round
          && first.state.withLock { $0.keptInVain?.count } == round
          && bench.breakers.allSatisfy { $0.admission() == .trialAvailable }
      }
    }
    if !isAlone {
      second.perform(.close, by: "test")
      try await eventually("it is closed in both") {
        bench.breakers.allSatisfy { $0.report.state == .closed }
      }
      try await bench.openUntilTrial()
    }
    store.hang()
    let permit = await first.takeTrial()
    #expect((permit != nil) == isAlone)
    guard let permit else { return }
    first.record(.success(durationMs: 1), of: permit)
    #expect(first.report.state == .closed)
  }

  @Test("a gateway that is stopped gives back what it keeps, and tells what it has not told")
  func settles() async throws {
    let store = FlakyStore()
    let bench = await BoardBench(
      2, over: store, claimLimit: .zero, upkeepInterval: .seconds(100_000))
    defer { bench.close() }
    let (first, second) = (bench.breakers[0], bench.breakers[1])
    try await bench.openUntilTrial()
    let answered = FirstAnswer<Void>()
    store.beforeNextChange { () throws(StateError) in await answered.value }
    #expect(await first.takeTrial() == nil)
    answered.give(())
    try await eventually("the trial is kept") { first.admission() == .trialAvailable }
    await bench.boards[0].settle(within: .seconds(100))
    // Who has told the store is told of it apart from the others.
    try await eventually("the other hears of it") { second.admission() == .trialAvailable }
    second.perform(.close, by: "test")
    try await eventually("it is closed in both") {
      bench.breakers.allSatisfy { $0.report.state == .closed }
    }
    bench.fail(at: 0)
    await bench.boards[0].settle(within: .seconds(100))
    await second.sendCountsNow()
    #expect(second.report.total.failures == 1)
    try await eventually("nothing is owed any more") { !first.owesStore }
    store.hang()
    first.perform(.open, by: "test")
    await bench.boards[0].settle(within: .milliseconds(1))
    #expect(first.owesStore, "nobody waits for a store that hangs")
  }

  @Test("a trial that is granted though its answer was lost is given back, once it is known")
  func grantedAndLost() async throws {
    let store = FlakyStore()
    let bench = await BoardBench(2, over: store, upkeepInterval: .seconds(100_000))
    defer { bench.close() }
    try await bench.openUntilTrial()
    let (first, second) = (bench.breakers[0], bench.breakers[1])
    store.afterNext { () throws(StateError) in throw StateError(.timedOut, "no answer") }
    #expect(await first.takeTrial() == nil)
    try await eventually("it is offered again, also to the other") {
      bench.observers[1].transitions.contains { $0.to.name == "half_open" }
        && bench.breakers.allSatisfy { $0.admission() == .trialAvailable }
    }
    let permit = try #require(await second.takeTrial())
    second.record(.success(durationMs: 1), of: permit)
    try await eventually("it is closed in both") {
      bench.breakers.allSatisfy { $0.report.state == .closed }
    }
  }

  @Test("a request waits for one answer that comes too late, and no longer for the next")
  func waitsOnce() async throws {
    let store = FlakyStore()
    let bench = await BoardBench(
      1, over: store, claimLimit: .milliseconds(1), upkeepInterval: .seconds(100_000))
    defer { bench.close() }
    try await bench.openUntilTrial()
    store.hang()
    let waits = store.statistics.counts.waits.last
    await StoreWait.$current.withValue(StoreWait()) {
      #expect(!StoreWait.isOver)
      #expect(await bench.breakers[0].takeTrial() == nil)
      #expect(StoreWait.isOver)
      let answer = await StoreWait.answer(from: store, within: .seconds(100)) { 1 }
      #expect(answer == nil, "though it would be there at once")
    }
    #expect(!StoreWait.isOver)
    #expect(store.statistics.counts.waits.last == (waits ?? 0) + 1)
  }

  @Test("what a request waits for answers that come in time does not add up either")
  func waitsTwiceAsLong() async throws {
    let store = FlakyStore()
    await StoreWait.$current.withValue(StoreWait()) {
      for _ in 0..<1000 where !StoreWait.isOver {
        _ = await StoreWait.answer(from: store, within: .milliseconds(50)) {
          try? await Task.sleep(for: .milliseconds(5))
        }
      }
      #expect(StoreWait.isOver)
    }
    // Twice the limit of one answer, and none took less than 5 ms.
    #expect((1...20).contains(store.statistics.counts.waits.last ?? 0))
  }

  @Test("a trial that is kept is nobody's once an operator has forbidden all calls")
  func forbidden() async throws {
    let store = FlakyStore()
    let bench = await BoardBench(
      1, over: store, claimLimit: .zero, upkeepInterval: .seconds(100_000))
    defer { bench.close() }
    let breaker = bench.breakers[0]
    try await bench.openUntilTrial()
    let answered = FirstAnswer<Void>()
    store.beforeNextChange { () throws(StateError) in await answered.value }
    #expect(await breaker.takeTrial() == nil)
    answered.give(())
    try await eventually("the trial is kept") { breaker.admission() == .trialAvailable }
    breaker.perform(.forceOpen, by: "test")
    #expect(breaker.admission() == .refused(.forcedOpen, until: nil))
    #expect(await breaker.takeTrial() == nil)
  }
}
