import EventLoop
import SeededRandom
import State
import Synchronization
import TestSupport
import Testing

@testable import Resilience

@Suite("Breakers that gateways share through a real Redis", .bounded, .timeLimit(.minutes(10)))
struct RedisBoardTests {
  /// Gateways with a connection each, whose clocks go together.
  private final class Gateways: Sendable {
    let group = EventLoopGroup(count: 1)
    let stores: [any StateStore]
    let boards: [BreakerBoard]

    init(_ count: Int, _ url: String) async throws {
      var stores: [any StateStore] = []
      for _ in 0..<count {
        stores.append(
          try await StateStores.open(StateURL(parsing: url + "?timeout=5s"), on: group.loops[0]))
      }
      self.stores = stores
      boards = stores.enumerated().map { index, store in
        var configuration = BreakerBoard.Configuration(owner: "gateway-\(index)")
        configuration.claimLimit = .seconds(30)
        return BreakerBoard(configuration, store: store)
      }
      for board in boards { await board.start([BoardBench.key], within: .seconds(30)) }
    }

    var breakers: [SharedBreaker] { boards.map { $0.breaker(BoardBench.key) } }

    /// Moves the time of all gateways on.
    func wait(_ milliseconds: Int64) {
      for store in stores { store.clock.set(to: store.clock.now + milliseconds) }
    }

    func stop() async {
      for board in boards { board.close() }
      for store in stores { await store.close() }
      await group.shutdown()
    }
  }

  private static func isOpen(_ breaker: SharedBreaker) -> Bool {
    if case .open = breaker.report.state { true } else { false }
  }

  @Test("of three gateways exactly one makes the trial, a thousand times")
  func trials() async throws {
    let redis = try await RedisProcess.start()
    let gateways = try await Gateways(3, redis.url)
    var trials = 0
    var generator = SeededGenerator(5)
    var delays: [Duration] = []
    let clock = ContinuousClock()
    for round in 0..<1000 {
      let start = clock.now
      gateways.breakers[round % 3].perform(.open, by: "test")
      try await eventually("all know that it is open") {
        gateways.breakers.allSatisfy(Self.isOpen)
      }
      delays.append(clock.now - start)
      gateways.wait(2 * 3_600_000)
      let permits = await withTaskGroup(of: (Int, CallPermit?).self) { group in
        for index in 0..<3 {
          for _ in 0..<2 {
            let delay = Duration.microseconds(Int.random(in: 0...2000, using: &generator))
            group.addTask {
              try? await Task.sleep(for: delay)
              return (index, await gateways.breakers[index].takeTrial())
            }
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      for (index, permit) in permits {
        guard let permit else { continue }
        trials += 1
        gateways.breakers[index].record(.success(durationMs: 1), of: permit)
      }
      try await eventually("all know that it is closed, round \(round)") {
        gateways.breakers.allSatisfy { $0.report.state == .closed }
      }
    }
    #expect(trials == 1000, "as many trials as windows")
    delays.sort()
    print("opening seen by all: median \(delays[500]), p99 \(delays[990])")
    await gateways.stop()
    redis.kill()
  }

  @Test("a Redis that is killed, paused, flushed and restarted loses no open state")
  func outages() async throws {
    let redis = try await RedisProcess.start()
    let gateways = try await Gateways(2, redis.url)
    gateways.breakers[0].perform(.open, by: "test")
    try await eventually("both know") { gateways.breakers.allSatisfy(Self.isOpen) }
    try await redis.command("FLUSHALL")
    for board in gateways.boards { await board.breaker(BoardBench.key).compareNow() }
    let third = try await Gateways(1, redis.url)
    #expect(third.breakers.allSatisfy(Self.isOpen), "what was flushed was stored again")
    await third.stop()
    redis.kill()
    try await eventually("the outage is seen") {
      gateways.stores.allSatisfy { !$0.isAvailable }
    }
    #expect(gateways.breakers.allSatisfy(Self.isOpen))
    gateways.breakers[1].perform(.close, by: "test")
    #expect(!Self.isOpen(gateways.breakers[1]))
    try await redis.restart()
    try await eventually("the newer state holds in both") {
      gateways.breakers.allSatisfy { $0.report.state == .closed && $0.report.isShared }
    }
    await gateways.stop()
    redis.kill()
  }

  @Test("a Redis that is flushed is told again what each gateway has counted")
  func flushed() async throws {
    let redis = try await RedisProcess.start()
    let gateways = try await Gateways(3, redis.url)
    func fail(at index: Int) {
      let breaker = gateways.breakers[index]
      guard case .allowed(let permit) = breaker.admission() else { return }
      breaker.record(.failure, of: permit)
    }
    let breaker = gateways.breakers[0]
    let window = BreakerSettings().countedWindow(at: gateways.stores[0].clock.now)
    @Sendable func counted() async throws -> Int64 {
      try await gateways.stores[0].count(
        BoardBench.key.windowKey(breaker.epoch, partLength: BreakerSettings().partLength),
        by: "test", [:],
        over: CountedWindow(newest: window.newest + 1, parts: window.parts, counters: 3),
        lifetime: .seconds(600))[1]
    }
    for index in [0, 0, 1, 2] { fail(at: index) }
    try await eventually("all are counted") { try await counted() == 4 }
    try await redis.command("FLUSHALL")
    #expect(try await counted() == 0)
    try await eventually("all are counted again") { try await counted() == 4 }
    #expect(gateways.breakers.allSatisfy { $0.report.state == .closed })
    fail(at: 1)
    try await eventually("the fifth opens it in all") { gateways.breakers.allSatisfy(Self.isOpen) }
    await gateways.stop()
    redis.kill()
  }

  @Test("what an operator has decided does not expire, were all gateways stopped; all else does")
  func lifetimes() async throws {
    let redis = try await RedisProcess.start()
    let gateways = try await Gateways(1, redis.url)
    let breaker = gateways.breakers[0]
    let name = "easel:{\(BoardBench.key.stateKey.group)}\(BoardBench.key.stateKey.name)"
    let day = 86_400_000
    for (action, lives) in [
      (BreakerCommand.open, 1 * day...2 * day), (.forceOpen, 30_000 * day...40_000 * day),
      (.auto, 1 * day...2 * day), (.forceClosed, 30_000 * day...40_000 * day),
    ] {
      breaker.perform(action, by: "test")
      try await eventually("\(action) is kept as long as it should be") {
        let answer = try await redis.command("PTTL", name).filter { !$0.isWhitespace }
        return lives.contains(Int(answer) ?? -1)
      }
    }
    await gateways.stop()
    redis.kill()
  }

  @Test("what was counted before a Redis was emptied counts after it")
  func emptied() async throws {
    let redis = try await RedisProcess.start()
    let gateways = try await Gateways(2, redis.url)
    func fail(at index: Int) throws {
      let breaker = gateways.breakers[index]
      guard case .allowed(let permit) = breaker.admission() else {
        throw TestError("it is open already")
      }
      breaker.record(.failure, of: permit, reason: "timed_out")
    }
    for count in 1...3 {
      try fail(at: 0)
      try await eventually("it is counted") {
        gateways.breakers[0].report.total.failures == count
      }
    }
    try await redis.command("FLUSHALL")
    try fail(at: 0)
    try fail(at: 1)
    try await eventually("it is open in both") { gateways.breakers.allSatisfy(Self.isOpen) }
    await gateways.stop()
    redis.kill()
  }

  @Test("a Redis without memory keeps no breaker open, and is told all once it has some")
  func full() async throws {
    let redis = try await RedisProcess.start()
    let gateways = try await Gateways(1, redis.url)
    let breaker = gateways.breakers[0]
    breaker.perform(.open, by: "test")
    try await eventually("it is told") { breaker.report.isShared }
    #expect(Self.isOpen(breaker))
    try await redis.command("CONFIG", "SET", "maxmemory", "1")
    gateways.wait(2 * 3_600_000)
    let permit = try #require(await breaker.takeTrial(), "the gateway decides for itself")
    breaker.record(.success(durationMs: 1), of: permit)
    #expect(breaker.report.state == .closed)
    try await eventually("what it knows is its own") { !breaker.report.isShared }
    #expect(gateways.stores[0].isAvailable)
    try await redis.command("CONFIG", "SET", "maxmemory", "0")
    try await eventually("it is told what has happened meanwhile") {
      let stored = try await gateways.stores[0].get(BoardBench.key.stateKey)
      let snapshot = stored.flatMap { BreakerSnapshot(bytes: $0.value) }
      return snapshot?.core.phase == .closed && breaker.report.isShared
    }
    await gateways.stop()
    redis.kill()
  }
}
