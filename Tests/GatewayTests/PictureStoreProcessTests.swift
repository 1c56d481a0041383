import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite("A store that takes no pictures", .bounded, .timeLimit(.minutes(10)))
struct PictureStoreProcessTests {
  /// Starts a gateway that keeps pictures in a folder.
  private func with(
    _ body:
      @escaping @Sendable (SimulatorServer, _ url: String, _ folder: String, HTTPClient)
      async throws -> Void
  ) async throws {
    try await GatewayGroup.with(.sqlite, count: 1, secret: "operators") {
      simulator, state, folder in
      try BreakerProcessTests.gateway(
        simulator, state: state, models: "{id: dall-e-3, price: 0.04}",
        pictures: folder.appendingPathComponent("pictures"))
    } body: { group in
      let folder = group.folder.appendingPathComponent("pictures").path
      try await body(group.simulator, group.urls[0], folder, group.client)
    }
  }

  private static func draw(
    _ url: String, _ format: String, _ client: HTTPClient
  ) async throws -> ClientAnswer {
    try await client.send(
      ClientRequest(
        .post, try HTTPURL(url).appending(path: "v1/images/generations"),
        body: Array(#"{"prompt":"a fox","response_format":"\#(format)"}"#.utf8)),
      bodyLimit: 64 << 20)
  }

  @Test("loses one picture that is answered by its URL, and no second one")
  func losesOne() async throws {
    try await with { simulator, url, folder, client in
      func accepted() -> Int? { simulator.jobs["openai"]?.accepted }
      // A file where the folder was: nothing can be made in it, whoever asks.
      try FileManager.default.removeItem(atPath: folder)
      try Data().write(to: URL(fileURLWithPath: folder))
      let lost = try await Self.draw(url, "url", client)
      #expect(lost.head.status == 500 && lost.head.headers["x-should-retry"] == "false")
      #expect(accepted() == 1)
      for _ in 0..<2 {
        let refused = try await Self.draw(url, "url", client)
        #expect(refused.head.status == 503 && refused.head.headers["x-should-retry"] == nil)
        #expect(refused.head.headers["retry-after"] == "5")
      }
      #expect(accepted() == 1, "nothing was paid for that would have been lost")
      let whole = try await Self.draw(url, "b64_json", client)
      #expect(whole.head.status == 200 && accepted() == 2)
      try FileManager.default.removeItem(atPath: folder)
      let kept = try await Self.draw(url, "url", client)
      #expect(kept.head.status == 200 && accepted() == 3)
      let object = try JSONSlice.parse(kept.body)
      let picture = try #require(object["data"]?[0]?["url"]?.string)
      let answer = try await client.send(
        ClientRequest(.get, try HTTPURL(picture)), bodyLimit: 64 << 20)
      #expect(answer.head.status == 200)
    }
  }
}
