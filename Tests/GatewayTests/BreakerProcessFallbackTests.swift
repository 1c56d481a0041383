import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite("Open circuit breakers in answers", .bounded, .timeLimit(.minutes(5)))
struct BreakerProcessFallbackTests {
  @Test(
    "an open breaker is told of where the model would have been asked, and not where it would not",
    arguments: [
      ("dall-e-3", "gpt-image-1", nil),
      ("gpt-image-1", "dall-e-3", "simulated/gpt-image-1;reason=unavailable"),
    ] as [(String, String, String?)])
  func told(open: String, maker: String, fallback: String?) async throws {
    let group = EventLoopGroup(count: 2)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let gateway = try BreakerProcessTests.gateway(
      simulator, state: "memory:",
      models: "{id: gpt-image-1, priority: 1}, {id: dall-e-3, priority: 2}")
    defer { gateway.kill() }
    let url = try HTTPURL(try await gateway.url())
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      func post(_ path: String, _ body: String) async throws -> ClientAnswer {
        let request = ClientRequest(
          .post, url.appending(path: path), headers: ["authorization": "Bearer operators"],
          body: Array(body.utf8))
        return try await client.send(request, bodyLimit: 64 << 20)
      }
      let command = "{\"command\":\"force_open\"}"
      #expect(try await post("admin/breakers/image/simulated/\(open)", command).head.status == 200)
      let drawing = "{\"prompt\":\"a fox\"}"
      let answer = try await post("v1/images/generations", drawing)
      let easel = try JSONSlice.parse(answer.body)["easel"]
      #expect(answer.head.status == 200 && easel?["model"]?.string == maker)
      #expect(answer.head.headers["x-easel-fallback"] == fallback)
      let listed = easel?["fallback"]?.elements.map { $0["model"]?.string ?? "" } ?? ["none"]
      #expect(listed == (fallback == nil ? [] : ["simulated/\(open)"]))
      let short = try JSONSlice.parse(try await post("generate-image", drawing).body)
      #expect(short["model"]?.string == maker)
      #expect(short["fallbackUsed"]?.bool == (fallback != nil))
      // Whoever it stands before or behind, an error names it.
      BreakerProcessTests.fail(simulator, 1)
      let failed = try await post("v1/images/generations", drawing)
      let message = try JSONSlice.parse(failed.body)["error"]?["message"]?.string ?? ""
      #expect(failed.head.status == 503)
      #expect(message.contains("simulated/\(maker): overloaded"), "\(message)")
      #expect(message.contains("simulated/\(open): "), "\(message)")
      let both = fallback.map { "\($0), simulated/\(maker);reason=overloaded" }
      #expect(failed.head.headers["x-easel-fallback"] == both)
    }
    await simulator.stop()
    await group.shutdown()
  }
}
