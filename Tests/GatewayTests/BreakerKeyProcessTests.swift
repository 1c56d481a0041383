import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite("Keys that a provider rejects, behind the built program", .bounded, .timeLimit(.minutes(5)))
struct BreakerKeyProcessTests {
  @Test(
    "a breaker that is closed off for its key lets calls pass with another key, after a restart")
  func replacedKey() async throws {
    let folder = try TemporaryFolder.make("breaker-key")
    defer { try? FileManager.default.removeItem(at: folder) }
    let group = EventLoopGroup(count: 2)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let file = folder.appendingPathComponent("easel.yaml")
    let yaml = """
      listen: 127.0.0.1:0
      upstreams:
        - {name: simulated, base_url: "\(simulator.baseURL)", models: [m], api_key_env: CHAT_KEY}
      state: {url: "sqlite:\(folder.path)/easel.db"}
      """
    try Data(yaml.utf8).write(to: file)
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      func status(_ url: String) async throws -> Int {
        let body = """
          {"model":"m","messages":[{"role":"user","content":"hello"}]}
          """
        return try await client.send(
          ClientRequest(
            .post, try HTTPURL(url).appending(path: "v1/chat/completions"), body: Array(body.utf8)),
          bodyLimit: 1 << 20
        ).head.status
      }
      /// Chats with a gateway that has a key.
      func chat(_ key: String, twice: Bool = false) async throws -> [Int] {
        let gateway = try EaselProcess(
          arguments: ["serve", "--config", file.path], environment: ["CHAT_KEY": key])
        defer { gateway.kill() }
        let url = try await gateway.url()
        var statuses = [try await status(url)]
        if twice { statuses.append(try await status(url)) }
        try await eventually("the store knows") {
          let page = try await BreakerProcessTests.get(url, "health/providers", client).1
          let upstream = page["providers"]?.elements.first { $0["kind"]?.string == "chat" }
          return upstream?["models"]?.elements.first { _ in true }?["breaker"]?["source"]?.string
            == "shared"
        }
        // A graceful end writes down what is under way.
        let end = try await gateway.terminate()
        #expect(end.status == 0 && !end.log.contains("canary"))
        return statuses
      }
      var refusal = SimulatorFault()
      refusal.status = 401
      simulator.queue(refusal, route: "chat")
      #expect(try await chat("canary-old", twice: true) == [401, 503])
      #expect(try await chat("canary-new") == [200])
      #expect(try await chat("canary-old") == [503], "the old one is rejected still")
    }
    await simulator.stop()
    await group.shutdown()
  }
}
