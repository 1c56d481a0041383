import State
import TestSupport
import Testing

@testable import Resilience

@Suite("Calls as a last resort", .bounded, .timeLimit(.minutes(5)))
struct LastResortTests {
  private func open() async -> (BoardBench, SharedBreaker) {
    let bench = await BoardBench(1)
    let breaker = bench.breakers[0]
    breaker.perform(.open, by: "test")
    return (bench, breaker)
  }

  @Test("one at a time is made, and none soon after one that failed")
  func alone() async throws {
    let (bench, breaker) = await open()
    defer { bench.close() }
    let permit = try #require(breaker.takeLastResort())
    #expect(breaker.takeLastResort() == nil && !breaker.offersLastResort)
    breaker.record(.failure, of: permit)
    #expect(breaker.takeLastResort() == nil)
    bench.wait(1000)
    let next = try #require(breaker.takeLastResort())
    breaker.record(.success(durationMs: 1), of: next)
    #expect(breaker.offersLastResort)
  }

  @Test("a provider that asks to be left alone is")
  func leftAlone() async throws {
    let bench = await BoardBench(1)
    defer { bench.close() }
    try await bench.openEverywhere()
    let breaker = bench.breakers[0]
    let permit = try #require(breaker.takeLastResort())
    breaker.record(.unavailable(retryAfterMs: 60_000), of: permit)
    bench.wait(59_000)
    #expect(!breaker.offersLastResort && breaker.takeLastResort() == nil)
    bench.wait(1000)
    #expect(breaker.offersLastResort)
  }

  @Test("one that takes longer than its lease makes no room in the place of the next when it ends")
  func late() async throws {
    let (bench, breaker) = await open()
    defer { bench.close() }
    let first = try #require(breaker.takeLastResort())
    bench.wait(3_600_000)
    let second = try #require(breaker.takeLastResort(), "the first is believed to be lost")
    breaker.record(.success(durationMs: 1), of: first)
    #expect(breaker.takeLastResort() == nil)
    breaker.record(.success(durationMs: 1), of: second)
    #expect(breaker.takeLastResort() != nil)
  }

  @Test("two in a row that go well close the breaker, in all gateways")
  func proof() async throws {
    let bench = await BoardBench(2)
    defer { bench.close() }
    try await bench.openEverywhere()
    let breaker = bench.breakers[0]
    func call(_ outcome: CallOutcome) throws {
      breaker.record(outcome, of: try #require(breaker.takeLastResort()))
    }
    try call(.success(durationMs: 1))
    #expect(breaker.report.state.name == "open", "one may be luck")
    try call(.failure)
    bench.wait(1000)
    try call(.success(durationMs: 1))
    #expect(breaker.report.state.name == "open")
    try call(.ignored)
    try call(.success(durationMs: 1))
    try await eventually("it is closed in both") {
      bench.breakers.allSatisfy { $0.report.state == .closed }
    }
    #expect(bench.observers[0].transitions.last?.reason == .lastResortsSucceeded)
  }

  @Test("those that went well before the breaker opened again prove nothing, nor do slow ones")
  func noProof() async throws {
    var settings = BreakerSettings()
    settings.slowCalls = SlowCallRule(threshold: .seconds(1))
    let bench = await BoardBench(1, settings: settings)
    defer { bench.close() }
    let breaker = bench.breakers[0]
    breaker.perform(.open, by: "test")
    for duration in [1, 5000, 5000] as [Int64] {
      breaker.record(.success(durationMs: duration), of: try #require(breaker.takeLastResort()))
    }
    bench.wait(1)
    breaker.perform(.open, by: "test")
    breaker.record(.success(durationMs: 1), of: try #require(breaker.takeLastResort()))
    #expect(breaker.report.state.name == "open")
    breaker.record(.success(durationMs: 1), of: try #require(breaker.takeLastResort()))
    #expect(breaker.report.state == .closed)
  }

  @Test("what is no doubt holds for them, too", arguments: [BreakerCommand.forceOpen, .reset])
  func forbidden(_ command: BreakerCommand) async throws {
    let (bench, breaker) = await open()
    defer { bench.close() }
    breaker.perform(command, by: "test")
    if command == .reset { breaker.record(.badKey, of: breaker.lastResortPermit) }
    #expect(breaker.takeLastResort() == nil)
  }
}
