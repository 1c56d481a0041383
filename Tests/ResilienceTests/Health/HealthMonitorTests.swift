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

  @Test("only good checks since it opened close a breaker")
  func rise() async throws {
    let bench = await BoardBench(1)
    defer { bench.close() }
    let (monitor, breaker) = (Self.monitor(bench), bench.breakers[0])
    for _ in 0..<5 {
      await monitor.check(Self.target(.up))
      bench.wait(1000)
    }
    breaker.perform(.open, by: "test")
    for _ in 0..<2 {
      bench.wait(1000)
      await monitor.check(Self.target(.up))
      #expect(breaker.report.state != .closed)
    }
    bench.wait(1000)
    await monitor.check(Self.target(.up))
    #expect(breaker.report.state == .closed)
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
