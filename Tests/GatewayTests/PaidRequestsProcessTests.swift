import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite("Pictures that gateways pay for once", .bounded, .timeLimit(.minutes(10)))
struct PaidRequestsProcessTests {
  /// What came of a request for a picture.
  private struct Answer: Sendable {
    var status: Int
    var body: [UInt8]
    var cost: String?

    /// The picture's hash, or the error's code.
    var text: String? {
      let object = try? JSONSlice.parse(body)
      let picture = object?["data"]?[0]?["b64_json"]?.string.map { "\($0.hashValue)" }
      return picture ?? object?["error"]?["code"]?.string
    }
  }

  private static func draw(
    _ url: String, _ body: String, _ headers: HeaderFields, _ client: HTTPClient
  ) async throws -> Answer {
    var headers = headers
    headers.set("authorization", "Bearer canary", orDrop: ())
    let answer = try await client.send(
      ClientRequest(
        .post, try HTTPURL(url).appending(path: "v1/images/generations"), headers: headers,
        body: Array(body.utf8)), bodyLimit: 64 << 20)
    return Answer(
      status: answer.head.status, body: answer.body,
      cost: answer.head.headers["x-easel-cost-usd"])
  }

  private static let fox = #"{"prompt":"a fox","model":"dall-e-3"}"#

  /// Starts gateways that share a store of state, and a folder of pictures.
  private func with(
    _ store: BreakerProcessTests.Store,
    _ body:
      @escaping @Sendable (SimulatorServer, [String], RedisProcess?, HTTPClient) async throws ->
      Void
  ) async throws {
    try await GatewayGroup.with(store, count: 2, secret: "canary") { simulator, state, folder in
      try BreakerProcessTests.gateway(
        simulator, state: state, environment: ["CIRCUIT_BREAKER_ENABLED": "false"],
        models: "{id: dall-e-3, price: 0.04}, {id: gpt-image-1, price: 0.05}",
        pictures: folder.appendingPathComponent("pictures"),
        configuration: "state: {trial_timeout: 1s}")
    } body: { group in
      try await body(group.simulator, group.urls, group.redis, group.client)
    }
  }

  @Test(
    "a key is one picture at all of them, and another request under it is refused",
    arguments: BreakerProcessTests.Store.allCases)
  func key(_ store: BreakerProcessTests.Store) async throws {
    try await with(store) { simulator, urls, redis, client in
      let key: HeaderFields = ["idempotency-key": "one"]
      let first = try await Self.draw(urls[0], Self.fox, key, client)
      #expect(first.status == 200 && first.cost == "0.04")
      let again = try await Self.draw(urls[1], Self.fox, key, client)
      #expect(again.status == 200 && again.cost == "0.0")
      #expect(again.text == first.text && first.text != nil)
      #expect(simulator.jobs["openai"]?.accepted == 1)
      let hare = #"{"prompt":"a hare","model":"dall-e-3"}"#
      let other = try await Self.draw(urls[1], hare, key, client)
      #expect(other.status == 422 && other.text == "idempotency_key_reused")
      // A store that is away costs no request.
      redis?.kill()
      let more = try await Self.draw(urls[1], Self.fox, ["idempotency-key": "two"], client)
      #expect(more.status == 200 && more.cost == "0.04")
      let known = try await Self.draw(urls[1], Self.fox, key, client)
      #expect(known.text == first.text && first.text != nil, "it knows by now")
    }
  }

  @Test("what one draws another waits for", arguments: BreakerProcessTests.Store.allCases)
  func underWay(_ store: BreakerProcessTests.Store) async throws {
    try await with(store) { simulator, urls, _, client in
      let loop = client.loop
      for (number, headers) in [
        (1, ["idempotency-key": "slow"]), (2, ["x-stainless-retry-count": "1"]),
      ] as [(Int, HeaderFields)] {
        var slow = SimulatorFault()
        slow.delay = .milliseconds(1500)
        simulator.queue(slow, route: "images")
        let asked = LoopEvent<Answer?>()
        // The first try of an SDK counts from 0.
        let first: HeaderFields =
          headers.contains("idempotency-key") ? headers : ["x-stainless-retry-count": "0"]
        loop.spawn {
          asked.fire(try? await Self.draw(urls[0], Self.fox, first, client))
        }
        try await eventually("the first one draws") {
          simulator.requests.filter { $0.route == "images" }.count == number
        }
        let second = try await Self.draw(urls[1], Self.fox, headers, client)
        let drawn = await asked.wait()
        #expect(drawn?.status == 200 && second.status == 200)
        #expect(second.text == drawn?.text && second.cost == "0.0")
        #expect(simulator.jobs["openai"]?.accepted == number)
      }
    }
  }

  @Test("what fails is remembered by nobody")
  func failure() async throws {
    try await with(.redis) { simulator, urls, _, client in
      BreakerProcessTests.fail(simulator, 1)
      let key: HeaderFields = ["idempotency-key": "one"]
      #expect(try await Self.draw(urls[0], Self.fox, key, client).status == 503)
      let again = try await Self.draw(urls[1], Self.fox, key, client)
      #expect(again.status == 200 && again.cost == "0.04")
    }
  }

  @Test("what fails and may have been paid for is not drawn again", arguments: [true, false])
  func paidFailure(hasKey: Bool) async throws {
    try await with(.redis) { simulator, urls, _, client in
      var fault = SimulatorFault()
      fault.resetAfter = 10
      simulator.queue(fault, route: "images")
      let key: HeaderFields = hasKey ? ["idempotency-key": "one"] : [:]
      let first = try await Self.draw(urls[0], Self.fox, key, client)
      #expect(first.status == 502)
      for url in urls.reversed() {
        let retry: HeaderFields = hasKey ? key : ["x-stainless-retry-count": "1"]
        let again = try await Self.draw(url, Self.fox, retry, client)
        #expect(again.status == 502 && again.text == first.text)
      }
      #expect(simulator.jobs["openai"]?.accepted == 1)
    }
  }

  @Test(
    "where a client leaves before a model fails, its repetition gets the next one's picture, once",
    arguments: [true, false])
  func leaves(hasKey: Bool) async throws {
    try await with(.redis) { simulator, urls, _, client in
      var fault = SimulatorFault()
      fault.delay = .milliseconds(500)
      fault.resetAfter = 10
      simulator.queue(fault, route: "images")
      func models() throws -> [String?] {
        try simulator.requests.filter { $0.route == "images" }.map {
          try JSONSlice.parse($0.body)["model"]?.string
        }
      }
      let fox = #"{"prompt":"a fox"}"#
      let key: HeaderFields = hasKey ? ["idempotency-key": "one"] : [:]
      let leaving = client.loop.spawn { _ = try? await Self.draw(urls[0], fox, key, client) }
      try await eventually("the first one draws") { try models().count == 1 }
      leaving.cancel()
      await leaving.value
      var pictures: [String?] = []
      for (url, cost) in zip(urls.reversed(), ["0.05", "0.0"]) {
        let retry: HeaderFields = hasKey ? key : ["x-stainless-retry-count": "1"]
        let again = try await Self.draw(url, fox, retry, client)
        #expect(again.status == 200 && again.cost == cost, "\(again)")
        pictures.append(again.text)
      }
      #expect(pictures[0] == pictures[1] && pictures[0] != nil)
      #expect(try models() == ["dall-e-3", "gpt-image-1"])
    }
  }

  @Test(
    "a proposal is drawn by whoever gets the yes, once",
    arguments: BreakerProcessTests.Store.allCases)
  func proposal(_ store: BreakerProcessTests.Store) async throws {
    try await with(store) { simulator, urls, _, client in
      let chat =
        #"{"model":"gpt-4o","easel":{"image_tool":"confirm"},"messages":[{"role":"user","#
        + #""content":"draw a fox"}]}"#
      let answer = try await client.send(
        ClientRequest(
          .post, try HTTPURL(urls[0]).appending(path: "v1/chat/completions"),
          headers: ["authorization": "Bearer canary"], body: Array(chat.utf8)), bodyLimit: 1 << 20)
      let message = try JSONSlice.parse(answer.body)["choices"]?[0]?["message"]
      let id = try #require(message?["easel"]?["imageGenerations"]?[0]?["id"]?.string)
      let yes = #"{"easel":{"proposal":"\#(id)"}}"#
      let drawn = try await Self.draw(urls[1], yes, [:], client)
      #expect(drawn.status == 200 && drawn.cost == "0.04")
      let again = try await Self.draw(urls[0], yes, [:], client)
      #expect(again.text == drawn.text && again.cost == "0.0")
      #expect(simulator.jobs["openai"]?.accepted == 1)
      #expect(!simulator.requests.contains { $0.route == "images" && $0.body.isEmpty })
    }
  }

  @Test("a picture that could not be kept is drawn once, and a repetition is told that it is gone")
  func lost() async throws {
    let folder = try TemporaryFolder.make("lost")
    defer { try? FileManager.default.removeItem(at: folder) }
    let group = EventLoopGroup(count: 2)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let program = try EaselProcess.serve(
      upstream: simulator, configuration: "state: {url: \"memory:\"}",
      images: "store: {path: \(folder.path)/pictures}")
    defer { program.kill() }
    let url = try await program.url()
    // Nothing can be written below a file.
    try FileManager.default.removeItem(at: folder.appendingPathComponent("pictures"))
    try Data("x".utf8).write(to: folder.appendingPathComponent("pictures"))
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      let chat =
        #"{"model":"gpt-4o","easel":{"image_tool":"confirm"},"messages":[{"role":"user","#
        + #""content":"draw a fox"}]}"#
      let answer = try await client.send(
        ClientRequest(
          .post, try HTTPURL(url).appending(path: "v1/chat/completions"),
          headers: ["authorization": "Bearer canary"], body: Array(chat.utf8)), bodyLimit: 1 << 20)
      let message = try JSONSlice.parse(answer.body)["choices"]?[0]?["message"]
      let id = try #require(message?["easel"]?["imageGenerations"]?[0]?["id"]?.string)
      let drawn = try await Self.draw(url, #"{"easel":{"proposal":"\#(id)"}}"#, [:], client)
      #expect(drawn.status == 200 && drawn.text != nil)
      for format in ["b64_json", "url"] {
        let yes = #"{"easel":{"proposal":"\#(id)"},"response_format":"\#(format)"}"#
        let again = try await Self.draw(url, yes, [:], client)
        #expect(again.status == 404 && again.text == "image_not_found", "\(format)")
      }
      #expect(simulator.jobs["openai"]?.accepted == 1)
    }
    await simulator.stop()
    await group.shutdown()
  }
}
