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

  @Test("what is no doubt holds for them, too", arguments: [BreakerCommand.forceOpen, .reset])
  func forbidden(_ command: BreakerCommand) async throws {
    let (bench, breaker) = await open()
    defer { bench.close() }
    breaker.perform(command, by: "test")
    if command == .reset { breaker.record(.badKey, of: breaker.lastResortPermit) }
    #expect(breaker.takeLastResort() == nil)
  }
}
