import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite("Trials of open breakers of the built program", .bounded, .timeLimit(.minutes(5)))
struct BreakerTrialProcessTests {
  /// What a trial's stream does after it has been going well for half of the trial's lease, and what
  /// the breaker shows then.
  @Test(
    "a stream that takes longer than the trial's lease closes the breaker; where it breaks, it counts",
    arguments: [(nil, "closed"), (2000, "open")] as [(Int?, String)])
  func longStream(resetAfter: Int?, state: String) async throws {
    let group = EventLoopGroup(count: 2)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let gateway = try BreakerProcessTests.gateway(
      simulator, state: "memory:",
      configuration: """
        circuit_breaker:
          last_resort: false
          rules:
            - {for: chat, consecutive_failures: 1, open: 100ms, open_cap: 100ms, trial_lease: 4s}
        """)
    defer { gateway.kill() }
    let url = try HTTPURL(try await gateway.url())
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      let body = """
        {"model":"m","stream":true,"easel":{"image_tool":"off"},
        "messages":[{"role":"user","content":"hello"}]}
        """
      func chat() async throws -> ClientAnswer {
        try await client.send(
          ClientRequest(.post, url.appending(path: "v1/chat/completions"), body: Array(body.utf8)),
          bodyLimit: 1 << 20)
      }
      var failing = SimulatorFault()
      failing.status = 500
      failing.shouldRetry = "false"
      simulator.queue(failing, route: "chat")
      #expect(try await chat().head.status == 500)
      var slow = SimulatorFault()
      slow.pace = .milliseconds(900)
      slow.resetAfter = resetAfter
      simulator.queue(slow, route: "chat")
      try await eventually("a trial is made") { try await chat().head.status == 200 }
      let page = try await BreakerProcessTests.get("\(url)", "health/providers", client).1
      let upstream = try #require(
        page["providers"]?.elements.first { $0["kind"]?.string == "chat" })
      let breaker = upstream["models"]?.elements.first { _ in true }?["breaker"]
      #expect(breaker?["state"]?.string == state)
    }
    await simulator.stop()
    await group.shutdown()
  }
}
