import EventLoop
import Foundation
import HTTP
import Simulator
import TestSupport
import Testing

/// A gateway whose metrics are looked at, the simulator behind it, and a client. Loop-bound.
final class MetricsScenario {
  let simulator: SimulatorServer
  let client: HTTPClient
  let url: HTTPURL
  let loop: EventLoop

  private init(_ simulator: SimulatorServer, _ client: HTTPClient, _ url: HTTPURL) {
    self.simulator = simulator
    self.client = client
    self.url = url
    loop = client.loop
  }

  /// Starts everything, runs `body` on the client's loop, and ends everything.
  static func run(
    configuration: String = "", breakers: Bool = false,
    _ body: @escaping @Sendable (MetricsScenario) async throws -> Void
  ) async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let program = try EaselProcess.serve(
      upstream: simulator, configuration: "state: {url: \"memory:\"}\n" + configuration,
      breakers: breakers)
    defer { program.kill() }
    let url = try HTTPURL(try await program.url())
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      defer { client.closeIdleConnections() }
      try await body(MetricsScenario(simulator, client, url))
    }
    let (status, log) = try await program.terminate()
    #expect(status == 0, "\(log)")
    await simulator.stop()
    await group.shutdown()
  }

  /// The next answer of a route.
  func fail(_ route: String, status: Int, body: String? = nil) {
    var fault = SimulatorFault()
    fault.status = status
    fault.body = body
    simulator.queue(fault, route: route)
  }

  /// - Returns: the status.
  @discardableResult
  func post(_ path: String, _ body: String) async throws -> Int {
    let request = ClientRequest(.post, url.appending(path: path), body: Array(body.utf8))
    return try await client.send(request, bodyLimit: 64 << 20).head.status
  }

  static func chat(_ text: String, stream: Bool = false) -> String {
    "{\"model\":\"gpt-4o\",\"stream\":\(stream),"
      + "\"messages\":[{\"role\":\"user\",\"content\":\"\(text)\"}]}"
  }

  /// A completion that calls `generate_image` once for each of the arguments.
  static func completion(calling arguments: [String]) -> String {
    let calls = arguments.enumerated().map { index, arguments in
      let text = arguments.replacing("\"", with: "\\\"")
      return "{\"id\":\"call_\(index)\",\"type\":\"function\","
        + "\"function\":{\"name\":\"generate_image\",\"arguments\":\"\(text)\"}}"
    }
    return "{\"id\":\"x\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-4o\","
      + "\"choices\":[{\"index\":0,\"finish_reason\":\"tool_calls\",\"message\":{\"role\":"
      + "\"assistant\",\"content\":null,\"tool_calls\":[\(calls.joined(separator: ","))]}}]}"
  }

  /// The lines of a scrape.
  func scrape() async throws -> Set<String> {
    let request = ClientRequest(.get, url.appending(path: "metrics"))
    let answer = try await client.send(request, bodyLimit: 1 << 20)
    #expect(answer.head.status == 200)
    return Set(String(decoding: answer.body, as: UTF8.self).split(separator: "\n").map(String.init))
  }

  /// Expects samples of a scrape, and that their families have no others but of what has not happened.
  func expect(_ samples: [String]) async throws {
    let lines = try await scrape()
    func family(_ line: String) -> Substring { line.prefix { $0 != "{" && $0 != " " } }
    for name in Set(samples.map(family)) {
      let found = lines.filter { !$0.hasPrefix("#") && family($0) == name }
      let expected = Set(samples.filter { family($0) == name })
      #expect(found.filter { expected.contains($0) || !$0.hasSuffix(" 0") } == expected)
    }
  }
}
