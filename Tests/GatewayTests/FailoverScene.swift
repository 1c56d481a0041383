import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

/// Gateways that share a store, in front of an upstream that fails, one that fails now and then, and
/// one that works and takes their requests over.
struct FailoverScene: Sendable {
  let broken: SimulatorServer
  let healthy: SimulatorServer
  private let flaky: SimulatorServer
  private let state: String
  let client: LoopBound<HTTPClient>

  /// Models of the upstream that fails: so many that each master of a cluster has some of their
  /// breakers. The last one is left for what happens after the fail-over.
  static let models = (0..<10).map { "m\($0)" }
  /// Asks the failing upstream's first model, and where it is left alone the one that works.
  static let pair = "pair"
  /// The same with the last model.
  static let late = "late"
  /// Asks the upstream that fails now and then, each time of which is counted in the store.
  static let shaky = "shaky"

  /// Runs `body` on a loop of its own with simulated upstreams, and ends them.
  static func run(
    state: String, _ body: @escaping @Sendable (FailoverScene) async throws -> Void
  ) async throws {
    let group = EventLoopGroup(count: 2)
    let loop = group.loops[0]
    let upstreams = (
      try await SimulatorServer.start(group: group), try await SimulatorServer.start(group: group),
      try await SimulatorServer.start(group: group)
    )
    upstreams.0.setFailureRate(1, route: "chat")
    upstreams.2.setFailureRate(0.2, route: "chat")
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      defer { client.closeIdleConnections() }
      try await body(
        FailoverScene(
          broken: upstreams.0, healthy: upstreams.1, flaky: upstreams.2, state: state,
          client: LoopBound(client, on: loop)))
    }
    for upstream in [upstreams.0, upstreams.1, upstreams.2] { await upstream.stop() }
    await group.shutdown()
  }

  // MARK: Gateways

  /// Starts one more gateway.
  func gateway() throws -> EaselProcess {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("easel-\(UUID().uuidString).yaml")
    let first = Self.models.first ?? ""
    let last = Self.models.last ?? ""
    // The flaky upstream's breaker stays closed, so that its failures are counted without end.
    let yaml = """
      listen: 127.0.0.1:0
      upstreams:
        - {name: broken, base_url: "\(broken.baseURL)", models: \(Self.models)}
        - {name: flaky, base_url: "\(flaky.baseURL)", models: [m]}
        - {name: healthy, base_url: "\(healthy.baseURL)", models: [n]}
      aliases:
        \(Self.pair): [broken/\(first), healthy/n]
        \(Self.late): [broken/\(last), healthy/n]
        \(Self.shaky): [flaky/m, healthy/n]
      retries: {budget: 0, floor: 0}
      image_tool: {enabled: false}
      circuit_breaker:
        rules:
          - for: chat/flaky
            failures: 1000000
            consecutive_failures: off
            failure_rate: off
      """
    try Data(yaml.utf8).write(to: file)
    return try EaselProcess(
      arguments: ["serve", "--config", file.path],
      environment: [
        "EASEL_STATE": state, "EASEL_ADMIN_KEY": "operators",
        "CIRCUIT_BREAKER_TIMEOUT_MS": "3600000",
      ])
  }

  // MARK: Requests

  /// Sends a chat.
  func chat(_ model: String, at url: String, stream: Bool = false) async throws -> ClientAnswer {
    let body = """
      {"model":"\(model)","stream":\(stream),"messages":[{"role":"user","content":"hello"}]}
      """
    return try await client.value.send(
      ClientRequest(
        .post, try HTTPURL(url).appending(path: "v1/chat/completions"), body: Array(body.utf8)),
      bodyLimit: 16 << 20)
  }

  /// Opens the breaker of a model of the failing upstream, as an operator.
  func open(_ model: String, at url: String) async throws {
    let answer = try await client.value.send(
      ClientRequest(
        .post, try HTTPURL(url).appending(path: "admin/breakers/chat/broken/\(model)"),
        headers: ["authorization": "Bearer operators"], body: Array("{\"command\":\"open\"}".utf8)),
      bodyLimit: 1 << 20)
    guard answer.head.status == 200 else { throw TestError("not opened: \(answer.head.status)") }
  }

  // MARK: What is known

  /// When the next trial of each of the failing upstream's models is, of those that are open.
  func deadlines(at url: String) async throws -> [String: Int] {
    let page = try await BreakerProcessTests.get(url, "health/providers", client.value).1
    let provider = page["providers"]?.elements.first { $0["provider"]?.string == "broken" }
    var deadlines: [String: Int] = [:]
    guard let models = provider?["models"]?.elements else { return deadlines }
    for model in models {
      guard let breaker = model["breaker"], breaker["state"]?.string == "open" else { continue }
      deadlines[model["model"]?.string ?? ""] = breaker["next_trial_at"]?.int
    }
    return deadlines
  }

  /// Whether a gateway reaches the store.
  func isConnected(at url: String) async throws -> Bool {
    let page = try await BreakerProcessTests.get(url, "health", client.value).1
    return page["state"]?["available"]?.bool == true
  }

  /// The models whose breakers a server of the store knows.
  static func models(in server: RedisProcess) async throws -> Set<String> {
    var found: Set<String> = []
    for model in models {
      let key = "easel:{breaker:chat/broken/\(model)}state"
      // A server of a cluster that does not have the key says who has.
      let reply = try await server.command("EXISTS", key)
      if reply.trimmingCharacters(in: .whitespacesAndNewlines) == "1" { found.insert(model) }
    }
    return found
  }
}
