import State
import TestSupport
import Testing

@testable import Resilience

@Suite("Active checks", .bounded, .timeLimit(.minutes(10)))
struct HealthMonitorTests {
  private static func target(_ result: CheckResult) -> HealthMonitor.Target {
    HealthMonitor.Target(BoardBench.key.kind, provider: BoardBench.key.provider) { result }
  }

  private static func monitor(_ bench: BoardBench) -> HealthMonitor {
    HealthMonitor(
      bench.boards[0],
      HealthMonitor.Settings(interval: .seconds(30), timeout: .seconds(60), rise: 3, fall: 2), [])
  }

  @Test("only good checks since it opened bring the trial of a breaker forward")
  func rise() async throws {
    let bench = await BoardBench(1)
    defer { bench.close() }
    let (monitor, breaker) = (Self.monitor(bench), bench.breakers[0])
    for _ in 0..<5 {
      await monitor.check(Self.target(.up))
      bench.wait(1000)
    }
    for _ in 0..<5 { bench.fail(at: 0) }
    let trips = breaker.report.trips
    for _ in 0..<2 {
      bench.wait(1000)
      await monitor.check(Self.target(.up))
      #expect(breaker.admission() != .trialAvailable)
    }
    bench.wait(1000)
    await monitor.check(Self.target(.up))
    #expect(breaker.admission() == .trialAvailable)
    #expect(breaker.report.state.name == "open", "calls failed: a list of models proves nothing")
    let trial = try #require(await breaker.takeTrial())
    breaker.record(.failure, of: trial)
    #expect(breaker.report.trips == trips + 1, "and for longer each time")
  }

  @Test("good checks close a breaker that checks have opened")
  func closes() async throws {
    let bench = await BoardBench(1)
    defer { bench.close() }
    let (monitor, breaker) = (Self.monitor(bench), bench.breakers[0])
    for result in [CheckResult.down("timed_out"), .down("timed_out"), .up, .up] {
      await monitor.check(Self.target(result))
      bench.wait(1000)
    }
    #expect(breaker.report.state.name == "open")
    await monitor.check(Self.target(.up))
    #expect(breaker.report.state == .closed)
  }

  @Test("a key that checks in a row find rejected pauses a provider, until they have told more")
  func rejectedKey() async throws {
    let bench = await BoardBench(1)
    defer { bench.close() }
    let (monitor, breaker) = (Self.monitor(bench), bench.breakers[0])
    for result in [CheckResult.badKey("bad_key"), .down("timed_out"), .badKey("bad_key")] {
      await monitor.check(Self.target(result))
      if result == .down("timed_out") { breaker.perform(.close, by: "test") }
      #expect(breaker.report.state == .closed)
      bench.wait(1000)
    }
    let before = bench.boards[0].clock.now
    await monitor.check(Self.target(.badKey("bad_key")))
    let after = bench.boards[0].clock.now
    guard case .badKey(let until) = breaker.report.state else {
      Issue.record("\(breaker.report.state)")
      return
    }
    #expect((before...after).contains(until - 150_000))
    await monitor.check(Self.target(.up))
    bench.wait(150_000)
    #expect(breaker.report.state == .closed)
  }

  @Test("what a check finds of a key says nothing against a reset since it began")
  func resetMeanwhile() async throws {
    let bench = await BoardBench(1)
    defer { bench.close() }
    let (monitor, breaker) = (Self.monitor(bench), bench.breakers[0])
    await monitor.check(Self.target(.badKey("bad_key")))
    bench.wait(1000)
    let target = HealthMonitor.Target(BoardBench.key.kind, provider: BoardBench.key.provider) {
      bench.wait(1000)
      breaker.perform(.reset, by: "test")
      return .badKey("bad_key")
    }
    await monitor.check(target)
    #expect(breaker.report.state == .closed)
    bench.wait(1000)
    await monitor.check(Self.target(.badKey("bad_key")))
    #expect(breaker.report.state != .closed)
  }

  @Test("only failed checks since it closed open a breaker")
  func fall() async throws {
    let bench = await BoardBench(1)
    defer { bench.close() }
    let (monitor, breaker) = (Self.monitor(bench), bench.breakers[0])
    for _ in 0..<3 { await monitor.check(Self.target(.down("status_500"))) }
    #expect(breaker.report.state != .closed)
    bench.wait(1000)
    breaker.perform(.close, by: "test")
    bench.wait(1000)
    await monitor.check(Self.target(.down("status_500")))
    #expect(breaker.report.state == .closed)
    bench.wait(1000)
    await monitor.check(Self.target(.down("status_500")))
    #expect(breaker.report.state != .closed)
  }
}
