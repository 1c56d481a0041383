import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite(
  "Breakers of models that nobody has listed, in the built program", .bounded,
  .timeLimit(.minutes(10)))
struct ModelBreakerTests {
  private static func chat(
    _ url: String, _ model: String, _ client: HTTPClient
  ) async throws -> Int {
    let body = #"{"model":"\#(model)","messages":[{"role":"user","content":"hello"}]}"#
    return try await client.send(
      ClientRequest(
        .post, try HTTPURL(url).appending(path: "v1/chat/completions"), body: Array(body.utf8)),
      bodyLimit: 1 << 20
    ).head.status
  }

  private static func fail(_ simulator: SimulatorServer, _ status: Int, retryAfter: String? = nil) {
    var fault = SimulatorFault()
    fault.status = status
    fault.retryAfter = retryAfter
    simulator.queue(fault, route: "chat")
  }

  /// The states of the chat upstream's breakers, by their models.
  private static func states(_ url: String, _ client: HTTPClient) async throws -> [String: String] {
    let page = try await BreakerProcessTests.get(url, "health/providers", client).1
    let provider = page["providers"]?.elements.first { $0["kind"]?.string == "chat" }
    var states: [String: String] = [:]
    for model in try #require(provider?["models"]).elements {
      states[model["model"]?.string ?? ""] = model["breaker"]?["state"]?.string
    }
    return states
  }

  @Test("a gateway is ready while a listed model works, whatever becomes of others")
  func ready() async throws {
    let group = EventLoopGroup(count: 2)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      let configuration = """
        retries: {budget: 0%, floor: 0}
        aliases: {star: simulated/good}
        circuit_breaker: {last_resort: false, rules: [{for: chat, open: 1h, open_cap: 1h}]}
        """
      let gateway = try BreakerProcessTests.gateway(
        simulator, state: "memory:", configuration: configuration)
      defer { gateway.kill() }
      let url = try await gateway.url()
      #expect(try await Self.chat(url, "foo", client) == 200)
      for model in ["foo", "star"] {
        for _ in 0..<5 {
          Self.fail(simulator, 500)
          #expect(try await Self.chat(url, model, client) == 500)
        }
        #expect(try await Self.chat(url, model, client) == 503)
        let isReady = model == "foo"
        if isReady { #expect(try await Self.chat(url, "star", client) == 200) }
        let ready = try await BreakerProcessTests.get(url, "health/ready", client).0
        #expect(ready == (isReady ? 200 : 503))
      }
    }
    await simulator.stop()
    await group.shutdown()
  }

  @Test("a limit or failures of one model keep nobody from the others, and outlive a restart")
  func models() async throws {
    let folder = try TemporaryFolder.make("models")
    defer { try? FileManager.default.removeItem(at: folder) }
    let group = EventLoopGroup(count: 2)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      let configuration = """
        retries: {budget: 0%, floor: 0}
        circuit_breaker:
          last_resort: false
          rules: [{for: chat, open: 1h, open_cap: 1h}]
        """
      let state = "sqlite:\(folder.path)/easel.db"
      let gateway = try BreakerProcessTests.gateway(
        simulator, state: state, configuration: configuration)
      defer { gateway.kill() }
      let url = try await gateway.url()
      Self.fail(simulator, 429, retryAfter: "3600")
      #expect(try await Self.chat(url, "limited", client) == 429)
      #expect(try await Self.chat(url, "limited", client) == 503)
      for _ in 0..<5 {
        Self.fail(simulator, 500)
        #expect(try await Self.chat(url, "broken", client) == 500)
      }
      #expect(try await Self.chat(url, "broken", client) == 503)
      for model in ["fine", "other"] { #expect(try await Self.chat(url, model, client) == 200) }
      #expect(try await BreakerProcessTests.get(url, "health/ready", client).0 == 200)
      #expect(
        try await Self.states(url, client) == [
          "*": "closed", "limited": "cooling_down", "broken": "open", "fine": "closed",
          "other": "closed",
        ])
      let metrics = try await client.send(
        ClientRequest(.get, try HTTPURL(url).appending(path: "metrics")), bodyLimit: 1 << 20)
      let page = String(decoding: metrics.body, as: UTF8.self)
      let labels = #"{kind="chat",provider="simulated",model="*""#
      #expect(page.contains("easel_breaker_open\(labels)} 2\n"))
      // The state is that of the breaker `*` itself: exactly one.
      let states = page.split(separator: "\n").filter {
        $0.hasPrefix("easel_breaker_state\(labels)")
      }
      #expect(states.count == 8 && states.count { $0.hasSuffix(" 1") } == 1)
      #expect(states.contains("easel_breaker_state\(labels),state=\"closed\"} 1"))
      for state in ["cooling_down", "open"] {
        let line = "easel_breaker_transitions_total\(labels),state=\"\(state)\"} 1\n"
        #expect(page.contains(line), "\(line)")
      }
      #expect(!page.contains("model=\"limited\"") && !page.contains("model=\"broken\""))

      for (model, word) in [("limited", "reset"), ("*", "force_open")] {
        let answer = try await client.send(
          ClientRequest(
            .post, try HTTPURL(url).appending(path: "admin/breakers/chat/simulated/\(model)"),
            headers: ["authorization": "Bearer operators"],
            body: Array("{\"command\":\"\(word)\"}".utf8)),
          bodyLimit: 1 << 16)
        #expect(answer.head.status == 200)
        let isOff = word == "force_open"
        #expect(try await Self.chat(url, "limited", client) == (isOff ? 503 : 200))
        let ready = try await BreakerProcessTests.get(url, "health/ready", client).0
        #expect(ready == (isOff ? 503 : 200))
      }
      _ = try await client.send(
        ClientRequest(
          .post, try HTTPURL(url).appending(path: "admin/breakers/chat/simulated/*"),
          headers: ["authorization": "Bearer operators"],
          body: Array("{\"command\":\"auto\"}".utf8)),
        bodyLimit: 1 << 16)
      #expect(try await Self.chat(url, "limited", client) == 200)

      // Told on the side: the store has it once another gateway would have it.
      let other = try BreakerProcessTests.gateway(
        simulator, state: state, configuration: configuration)
      let otherURL = try await other.url()
      try await eventually("another one knows") {
        try await Self.chat(otherURL, "broken", client) == 503
      }
      other.kill()
      gateway.kill()
      let second = try BreakerProcessTests.gateway(
        simulator, state: state, configuration: configuration)
      defer { second.kill() }
      let secondURL = try await second.url()
      let asked = simulator.requests.count
      #expect(try await Self.chat(secondURL, "broken", client) == 503)
      #expect(simulator.requests.count == asked, "it is open from the first request on")
      #expect(try await Self.chat(secondURL, "fine", client) == 200)
    }
    await simulator.stop()
    await group.shutdown()
  }
}
