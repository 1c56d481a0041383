import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite("Turns that gateways remember for each other", .bounded, .timeLimit(.minutes(10)))
struct TurnMemoryProcessTests {
  private static let tools =
    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"parameters\":"
    + "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}}}]"
  private static let question =
    "{\"role\":\"user\",\"content\":\"draw a picture of the weather in Paris\"}"

  private static func chat(
    _ url: String, _ messages: String, key: String, _ client: HTTPClient
  ) async throws -> JSONSlice {
    let body = "{\"model\":\"gpt-4o\",\(tools),\"messages\":[\(messages)]}"
    let answer = try await client.send(
      ClientRequest(
        .post, try HTTPURL(url).appending(path: "v1/chat/completions"),
        headers: ["authorization": "Bearer \(key)"], body: Array(body.utf8)), bodyLimit: 1 << 20)
    #expect(answer.head.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
    return try JSONSlice.parse(answer.body)
  }

  /// The functions that an upstream was last shown as called in the assistant's turn.
  private static func called(_ simulator: SimulatorServer) throws -> Set<String> {
    let request = try #require(simulator.requests.last { $0.route == "chat" })
    let turn = try #require(JSONSlice.parse(request.body)["messages"]?[1])
    return Set(turn["tool_calls"]?.elements.compactMap { $0["function"]?["name"]?.string } ?? [])
  }

  @Test(
    "a client that comes back to another gateway finds its conversation complete",
    arguments: BreakerProcessTests.Store.allCases)
  func mixed(_ store: BreakerProcessTests.Store) async throws {
    try await GatewayGroup.with(store, count: 3, secret: "canary") { simulator, state, _ in
      try BreakerProcessTests.gateway(
        simulator, state: state, configuration: "state: {trial_timeout: 1s}")
    } body: { group in
      let first = try await Self.chat(group.urls[0], Self.question, key: "canary", group.client)
      let message = try #require(first["choices"]?[0]?["message"])
      let calls = try #require(message["tool_calls"])
      #expect(calls.elements.compactMap { $0["function"]?["name"]?.string } == ["get_weather"])
      let id = try #require(calls[0]?["id"]?.string)
      let back =
        Self.question
        + ",{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":"
        + String(decoding: calls.raw, as: UTF8.self)
        + "},{\"role\":\"tool\",\"tool_call_id\":\"\(id)\",\"content\":\"sunny\"}"
      _ = try await Self.chat(group.urls[1], back, key: "canary", group.client)
      #expect(try Self.called(group.simulator) == ["get_weather", "generate_image"])
      // Who has another key has another conversation, though the ids be the same.
      _ = try await Self.chat(group.urls[1], back, key: "theirs", group.client)
      #expect(try Self.called(group.simulator) == ["get_weather"])
      // A store that is away costs the call, and no request.
      group.redis?.kill()
      _ = try await Self.chat(group.urls[2], back, key: "canary", group.client)
      let expected: Set = group.redis == nil ? ["get_weather", "generate_image"] : ["get_weather"]
      #expect(try Self.called(group.simulator) == expected)
      _ = try await Self.chat(group.urls[1], back, key: "canary", group.client)
      let known = try Self.called(group.simulator)
      #expect(known == ["get_weather", "generate_image"], "it knows by now")
    }
  }
}
