import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite("What the pictures of a chat cost", .bounded, .timeLimit(.minutes(10)))
struct ToolCostTests {
  /// An answer that calls the tool twice.
  private static let calls = """
    {"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
     "finish_reason":"tool_calls","message":{"role":"assistant","content":null,"tool_calls":[
     {"id":"a","type":"function","function":{"name":"generate_image",
      "arguments":"{\\"prompt\\":\\"a fox\\"}"}},
     {"id":"b","type":"function","function":{"name":"generate_image",
      "arguments":"{\\"prompt\\":\\"a hare\\"}"}}]}}]}
    """

  @Test("is summed up exactly, and rounded once")
  func total() async throws {
    let group = EventLoopGroup(count: 2)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    // Each of two would be rounded to 0.0002.
    let gateway = try BreakerProcessTests.gateway(
      simulator, state: "memory:", models: "{id: dall-e-3, price: 0.00015}")
    defer { gateway.kill() }
    let url = try HTTPURL(try await gateway.url())
    var fault = SimulatorFault()
    fault.status = 200
    fault.body = Self.calls
    simulator.queue(fault, route: "chat")
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      let body = #"{"model":"gpt-4o","messages":[{"role":"user","content":"draw both"}]}"#
      let answer = try await client.send(
        ClientRequest(.post, url.appending(path: "v1/chat/completions"), body: Array(body.utf8)),
        bodyLimit: 1 << 20)
      let message = try JSONSlice.parse(answer.body)["choices"]?[0]?["message"]
      #expect(message?["easel"]?["images"].map { Array($0.elements).count } == 2)
      #expect(message?["easel"]?["cost_usd"]?.double == 0.0003)
      #expect(answer.head.headers["x-easel-cost-usd"] == "0.0003")
    }
    await simulator.stop()
    await group.shutdown()
  }
}
