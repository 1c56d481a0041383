import State
import TestSupport
import Testing

@testable import Resilience

@Suite("What a breaker shows to operators", .bounded, .timeLimit(.minutes(10)))
struct BreakerReportTests {
  @Test("when it opened is not when its trial began, nor when that said nothing")
  func openedAt() async throws {
    let bench = await BoardBench(2)
    defer { bench.close() }
    #expect(bench.breakers[0].report.openedAt == nil)
    try await bench.openUntilTrial()
    let opened = try #require(bench.breakers[0].report.openedAt)
    #expect(bench.breakers[1].report.openedAt == opened)
    let trial = try #require(await bench.breakers[0].takeTrial())
    try await eventually("both know of the trial") {
      bench.breakers.allSatisfy { $0.report.state.name == "half_open" }
    }
    #expect(bench.breakers.allSatisfy { $0.report.openedAt == opened })
    #expect(bench.breakers.allSatisfy { ($0.report.since ?? 0) >= opened + 700_000 })
    bench.breakers[0].record(.ignored, of: trial)
    try await eventually("it is over") {
      bench.breakers.allSatisfy { $0.report.state.name == "open" }
    }
    #expect(bench.breakers.allSatisfy { $0.report.openedAt == opened })
    let next = try #require(await bench.breakers[1].takeTrial())
    bench.breakers[1].record(.failure, of: next)
    try await eventually("it is open anew") {
      bench.breakers.allSatisfy { ($0.report.openedAt ?? 0) >= opened + 700_000 }
    }
    bench.breakers[0].perform(.close, by: "test")
    try await eventually("it is closed") {
      bench.breakers.allSatisfy { $0.report.state == .closed && $0.report.openedAt == nil }
    }
  }

  @Test("a pause shows when it began")
  func since() async throws {
    let bench = await BoardBench(1)
    defer { bench.close() }
    let breaker = bench.breakers[0]
    #expect(breaker.report.since == nil)
    let before = bench.store.clock.now
    breaker.record(.badKey, of: breaker.lastResortPermit)
    let report = breaker.report
    #expect(report.state.name == "bad_key")
    #expect((before...report.now).contains(report.since ?? 0))
    bench.wait(86_400_000)
    #expect(breaker.report.state == .closed && breaker.report.since == nil)
  }

  @Test("what all have counted is shown as long as it says something of the present state")
  func total() async throws {
    let bench = await BoardBench(2, upkeepInterval: .seconds(100_000))
    defer { bench.close() }
    for _ in 0..<3 { bench.fail(at: 0) }
    bench.fail(at: 1)
    try await eventually("all are counted") {
      bench.breakers.contains { $0.report.total.failures == 4 }
    }
    bench.wait(700_000)
    #expect(bench.breakers.allSatisfy { $0.report.total.failures == 0 }, "the window has passed")
    for _ in 0..<5 { bench.fail(at: 0) }
    try await eventually("it is open") { bench.breakers[0].report.state.name == "open" }
    try await eventually("it is shown what led to it") {
      bench.breakers[0].report.total.failures == 5
    }
    bench.breakers[0].perform(.close, by: "test")
    #expect(bench.breakers[0].report.total == CallCounts(), "that is over")
  }
}
