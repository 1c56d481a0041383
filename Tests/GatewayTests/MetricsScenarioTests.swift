import EventLoop
import Foundation
import HTTP
import Simulator
import TestSupport
import Testing

@Suite("What metrics say after", .bounded, .timeLimit(.minutes(10)))
struct MetricsScenarioTests {
  @Test("calls of a tool: made, with senseless arguments, for too many pictures, refused")
  func toolCalls() async throws {
    try await MetricsScenario.run { scenario in
      #expect(try await scenario.post("v1/chat/completions", MetricsScenario.chat("hello")) == 200)
      for stream in [false, true] {
        let chat = MetricsScenario.chat("draw a fox", stream: stream)
        #expect(try await scenario.post("v1/chat/completions", chat) == 200)
      }
      let calls = [
        "{\"prompt\":3}", "no JSON", "{\"prompt\":\"a\",\"count\":4}",
        "{\"prompt\":\"b\",\"count\":1}",
      ]
      scenario.fail("chat", status: 200, body: MetricsScenario.completion(calling: calls))
      #expect(try await scenario.post("v1/chat/completions", MetricsScenario.chat("draw")) == 200)
      scenario.fail(
        "images", status: 400,
        body: "{\"error\":{\"message\":\"no\",\"code\":\"content_policy_violation\"}}")
      #expect(
        try await scenario.post("v1/chat/completions", MetricsScenario.chat("draw a cat")) == 200)
      try await scenario.expect([
        // Two that were streamed or not, and the one with four pictures, after which is no more.
        "easel_tool_calls_total{tool=\"generate_image\",result=\"made\"} 3",
        "easel_tool_calls_total{tool=\"generate_image\",result=\"failed\"} 3",
        "easel_tool_calls_total{tool=\"generate_image\",result=\"refused\"} 1",
        "easel_tool_rounds_count 5", "easel_tool_rounds_sum 9",
      ])
      let lines = try await scenario.scrape()
      #expect(lines.contains("easel_tool_rounds_bucket{le=\"1\"} 1"))
      #expect(lines.contains("easel_tool_rounds_bucket{le=\"2\"} 5"))
    }
  }

  @Test("a bill that cannot be right: the price that is known counts, and the gateway lives")
  func implausibleBill() async throws {
    let picture =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5Erk"
      + "Jggg=="
    try await MetricsScenario.run { scenario in
      for cost in ["1e300", "-5", "0.25"] {
        scenario.fail(
          "images", status: 200,
          body:
            "{\"created\":1,\"data\":[{\"b64_json\":\"\(picture)\"}],\"usage\":{\"cost\":\(cost)}}")
        let status = try await scenario.post(
          "v1/images/generations", "{\"prompt\":\"a fox\",\"model\":\"gpt-image-1\"}")
        #expect(status == 200)
      }
      try await scenario.expect([
        "easel_images_total{provider=\"simulated\",model=\"gpt-image-1\"} 3",
        "easel_image_cost_dollars_total{provider=\"simulated\",model=\"gpt-image-1\"} 0.33",
      ])
    }
  }

  @Test("failures of image models: who was asked in whose place, and what may be charged twice")
  func imageFallbacks() async throws {
    try await MetricsScenario.run { scenario in
      let drawing = "{\"prompt\":\"a fox\"}"
      // A free failure, then one that may have been paid for, each with another model behind it.
      scenario.fail("images", status: 503)
      #expect(try await scenario.post("v1/images/generations", drawing) == 200)
      scenario.fail("images", status: 500)
      #expect(try await scenario.post("v1/images/generations", drawing) == 200)
      // Behind the last one is nobody.
      for status in [503, 500] { scenario.fail("images", status: status) }
      #expect(try await scenario.post("v1/images/generations", drawing) >= 500)
      // A refusal is final.
      scenario.fail(
        "images", status: 400,
        body: "{\"error\":{\"message\":\"no\",\"code\":\"content_policy_violation\"}}")
      #expect(try await scenario.post("v1/images/generations", drawing) == 400)
      try await scenario.expect([
        "easel_image_fallbacks_total{from_provider=\"simulated\",reason=\"overloaded\"} 3",
        "easel_image_possible_double_charges_total{from_provider=\"simulated\",reason=\"overloaded\"} 1",
        "easel_images_drawing 0", "easel_images_waiting 0",
      ])
    }
  }

  @Test("a breaker that is open: those whose place another model takes are counted")
  func openBreaker() async throws {
    let rules = "circuit_breaker: {rules: [{for: image, failures: 2, open: 10m}]}"
    try await MetricsScenario.run(configuration: rules, breakers: true) { scenario in
      let drawing = "{\"prompt\":\"a fox\"}"
      for _ in 0..<2 {
        scenario.fail("images", status: 503)
        #expect(try await scenario.post("v1/images/generations", drawing) == 200)
      }
      for _ in 0..<3 { #expect(try await scenario.post("v1/images/generations", drawing) == 200) }
      // The second model is asked for by name: nobody is passed over for it.
      let named = "{\"prompt\":\"a fox\",\"model\":\"dall-e-3\"}"
      #expect(try await scenario.post("v1/images/generations", named) == 200)
      try await scenario.expect([
        "easel_image_fallbacks_total{from_provider=\"simulated\",reason=\"overloaded\"} 2",
        "easel_image_fallbacks_total{from_provider=\"simulated\",reason=\"unavailable\"} 3",
        "easel_breaker_open{kind=\"chat\",provider=\"simulated\",model=\"*\"} 0",
        "easel_breaker_open{kind=\"image\",provider=\"simulated\",model=\"dall-e-3\"} 0",
        "easel_breaker_open{kind=\"image\",provider=\"simulated\",model=\"gpt-image-1\"} 1",
      ])
    }
  }

  @Test("clients that leave, that cannot be understood, and that are too many")
  func clients() async throws {
    let limits = "threads: 1\nlimits: {connections: 1}"
    try await MetricsScenario.run(configuration: limits) { scenario in
      let loop = scenario.loop
      func other() throws -> HTTPClient { HTTPClient(loop: loop, tls: try TLSContext(client: nil)) }
      func lives(_ client: HTTPClient) async throws -> Int {
        let request = ClientRequest(.get, scenario.url.appending(path: "health/live"))
        return try await client.send(request, bodyLimit: 1 << 16).head.status
      }
      #expect(try await lives(scenario.client) == 200)
      // Its connection is kept open: there is no place for another.
      #expect(try await lives(other()) == 503)
      try await scenario.expect(["easel_connections 1", "easel_connections_refused_total 1"])
      var request = ClientRequest(.get, scenario.url.appending(path: "health/live"))
      request.headers = ["x-long": String(repeating: "x", count: 100_000)]
      #expect(try await scenario.client.send(request, bodyLimit: 1 << 16).head.status == 431)
      var fault = SimulatorFault()
      fault.isHeld = true
      scenario.simulator.queue(fault, route: "chat")
      let leaving = try other()
      try await eventually("there is a place again") { try await lives(leaving) == 200 }
      let chat = ClientRequest(
        .post, scenario.url.appending(path: "v1/chat/completions"),
        body: Array(MetricsScenario.chat("hello").utf8))
      let task = loop.spawn { _ = try? await leaving.send(chat, bodyLimit: 1 << 16) }
      try await eventually("the upstream is asked") { scenario.simulator.openCount == 1 }
      task.cancel()
      await task.value
      leaving.closeIdleConnections()
      try await eventually("there is a place again") { try await lives(scenario.client) == 200 }
      let lines = try await scenario.scrape()
      for line in [
        "easel_requests_unreadable_total 1",
        "easel_upstream_requests_total{upstream=\"simulated\",result=\"client_left\"} 1",
        "easel_requests_total{route=\"/v1/chat/completions\",status=\"0\",outcome=\"client_left\"} 1",
        "easel_requests_in_flight 1", "easel_connections 1", "easel_log_lines_dropped_total 0",
      ] {
        #expect(
          lines.contains(line), "\(line) is missing in\n\(lines.sorted().joined(separator: "\n"))")
      }
      scenario.simulator.release()
    }
  }
}
