import EventLoop
import Foundation
import HTTP
import Simulator
import TestSupport
import Testing

@Suite("Metrics of a store that comes and goes", .bounded, .timeLimit(.minutes(10)))
struct MetricsStoreTests {
  private static func samples(_ url: String, _ client: HTTPClient) async throws -> [String: Int] {
    let answer = try await client.send(
      ClientRequest(.get, try HTTPURL(url).appending(path: "metrics")), bodyLimit: 1 << 20)
    let lines = String(decoding: answer.body, as: UTF8.self).split(separator: "\n")
    return lines.reduce(into: [:]) { result, line in
      guard let space = line.lastIndex(of: " ") else { return }
      result[String(line[..<space])] = Int(line[line.index(after: space)...])
    }
  }

  @Test("one that is killed and comes back: each change is a line of the log and a count")
  func outage() async throws {
    let redis = try await RedisProcess.start()
    defer { redis.kill() }
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let gateway = try BreakerProcessTests.gateway(simulator, state: redis.url + "?timeout=5s")
    defer { gateway.kill() }
    let url = try await gateway.url()
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      let came = "easel_state_changes_total{to=\"available\"}"
      let went = "easel_state_changes_total{to=\"unavailable\"}"
      let failed = "easel_state_errors_total{kind=\"connection\"}"
      func samples() async throws -> [String: Int] { try await Self.samples(url, client) }
      try await eventually("the store is there") { try await samples()[came] == 1 }
      let before = try await samples()
      #expect(before[went] == 0 && before[failed] == 0 && before["easel_state_available"] == 1)
      redis.kill()
      try await eventually("the outage is counted, and vain attempts to connect") {
        let now = try await samples()
        return now[went] == 1 && (now[failed] ?? 0) >= 2
      }
      #expect(try await samples()["easel_state_available"] == 0)
      try await redis.restart()
      try await eventually("that it is there again is counted") { try await samples()[came] == 2 }
      let after = try await samples()
      #expect(after[went] == 1 && after["easel_state_available"] == 1)
      #expect(after["easel_state_reconnects_total"] == 1)
      client.closeIdleConnections()
    }
    let (status, log) = try await gateway.terminate()
    #expect(status == 0)
    #expect(log.components(separatedBy: "the store of shared state is there").count == 3)
    #expect(log.components(separatedBy: "the store of shared state is away").count == 2)
    await simulator.stop()
    await group.shutdown()
  }

  @Test("checks: who is there, and who is not")
  func checks() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    simulator.setFailureRate(1, route: "other")
    let gateway = try BreakerProcessTests.gateway(
      simulator, state: "memory:",
      configuration: "health: {checks: true, interval: 1s, timeout: 5s}")
    defer { gateway.kill() }
    let url = try await gateway.url()
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      for up in [0, 1] {
        try await eventually("the checks have found it") {
          let samples = try await Self.samples(url, client)
          return ["chat", "image"].allSatisfy { kind in
            samples["easel_check_up{kind=\"\(kind)\",provider=\"simulated\"}"] == up
          }
        }
        simulator.setFailureRate(0, route: "other")
      }
      client.closeIdleConnections()
    }
    await simulator.stop()
    await group.shutdown()
  }
}
