import State
import TestSupport
import Testing

@testable import Resilience

@Suite("Who may be asked", .bounded, .timeLimit(.minutes(10)))
struct HealthCheckerTests {
  private static let key = BoardBench.key

  private static func checker(
    _ bench: BoardBench, _ configured: Availability = .available
  ) -> HealthChecker {
    HealthChecker(bench.boards[0], lifetime: .seconds(300)) { _ in configured }
  }

  @Test("flag and key are asked before the breaker")
  func layers() async {
    let bench = await BoardBench(1)
    defer { bench.close() }
    bench.breakers[0].perform(.forceOpen, by: "test")
    #expect(
      Self.checker(bench, Availability(.key, "no key")).availability(of: Self.key).obstacle == .key)
    let answer = Self.checker(bench).availability(of: Self.key)
    #expect(answer.obstacle == .breaker && !answer.allowsLastResort)
    #expect(answer.reason == "turned off by an operator")
  }

  @Test("an answer that is kept is dropped by whatever changes the breaker")
  func dropped() async throws {
    let bench = await BoardBench(2)
    defer { bench.close() }
    let checker = Self.checker(bench)
    #expect(checker.availability(of: Self.key).isAvailable)
    try await bench.openEverywhere()
    #expect(!checker.availability(of: Self.key).isAvailable)
    bench.breakers[1].perform(.close, by: "test")
    try await eventually("it is heard from the other gateway") {
      checker.availability(of: Self.key).isAvailable
    }
  }

  @Test("how long a breaker is open still is told as it is, not as it was when it was asked first")
  func countdown() async throws {
    var settings = BreakerSettings()
    settings.openTimeJitter = 0
    let bench = await BoardBench(1, settings: settings)
    defer { bench.close() }
    let checker = Self.checker(bench)
    try await bench.openEverywhere()
    let first = checker.availability(of: Self.key)
    let until = try #require(first.until)
    bench.wait(60_000)
    let later = checker.availability(of: Self.key)
    let left = (until - bench.store.clock.now) / 1000
    // A second may pass between the two.
    let told = (left...left + 1).map { "circuit breaker open, next trial in \($0) s" }
    #expect(later.until == until && told.contains(later.reason ?? ""), "\(later)")
  }

  @Test("who waits for the store's word on a trial leaves no answer behind that is not so any more")
  func pendingTrial() async throws {
    let store = FlakyStore()
    let bench = await BoardBench(1, over: store, upkeepInterval: .seconds(100_000))
    defer { bench.close() }
    let breaker = bench.breakers[0]
    let checker = Self.checker(bench)
    try await bench.openUntilTrial()
    #expect(checker.availability(of: Self.key).isAvailable, "its trial is due")
    let asked = FirstAnswer<Void>()
    let answered = FirstAnswer<Void>()
    store.beforeNextChange { () throws(StateError) in
      asked.give(())
      await answered.value
      throw StateError(.timedOut, "no answer")
    }
    async let permit = breaker.takeTrial()
    await asked.value
    let refused = checker.availability(of: Self.key)
    #expect(refused.obstacle == .breaker, "someone else is about the trial")
    let until = try #require(refused.until)
    #expect(breaker.millisecondsUntil(until) <= 5000, "who comes back soon finds it over")
    answered.give(())
    #expect(await permit == nil)
    #expect(checker.availability(of: Self.key).isAvailable, "the trial is there to be taken")
  }

  @Test("what ends by itself is believed until then")
  func ends() async throws {
    let bench = await BoardBench(1)
    defer { bench.close() }
    let checker = Self.checker(bench)
    let breaker = bench.breakers[0]
    breaker.record(.rateLimited(retryAfterMs: 60_000), of: breaker.lastResortPermit)
    let answer = checker.availability(of: Self.key)
    #expect(answer.reason?.hasPrefix("it asked for a pause") == true && answer.until != nil)
    bench.wait(60_001)
    #expect(checker.availability(of: Self.key).isAvailable)
  }

  @Test("no answer outlives a change that was made while it was given", arguments: 0..<20)
  func race(_: Int) async throws {
    let bench = await BoardBench(1)
    defer { bench.close() }
    let checker = Self.checker(bench)
    let breaker = bench.breakers[0]
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2 {
        group.addTask {
          for _ in 0..<500 { _ = checker.availability(of: Self.key) }
        }
      }
      group.addTask {
        for _ in 0..<100 {
          breaker.perform(.forceOpen, by: "test")
          breaker.perform(.auto, by: "test")
        }
        breaker.perform(.forceOpen, by: "test")
      }
    }
    #expect(!checker.availability(of: Self.key).isAvailable)
  }
}
