import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite("Gateways whose Redis fails over under load", .bounded, .timeLimit(.minutes(10)))
struct StateFailoverTests {
  private static let failed = "dall-e-3"
  private static let other = "gpt-image-1"

  /// Two gateways of one store, under load, with a breaker that is open in both.
  private final class Bench: Sendable {
    let state: String
    let simulator: SimulatorServer
    let urls: [String]
    let client: LoopBound<HTTPClient>
    /// Requests that were answered, and that were not.
    let answered = LockedInt()
    let lost = LockedInt()
    /// Looks at the open breaker, and those that did not find it open until the same time.
    let seen = LockedInt()
    let wrong = LockedInt()
    let isOver = LockedInt()
    let deadline = LockedInt()

    init(
      _ state: String, _ simulator: SimulatorServer, _ urls: [String],
      _ client: LoopBound<HTTPClient>
    ) {
      (self.state, self.simulator, self.urls, self.client) = (state, simulator, urls, client)
    }

    func breaker(_ url: String, _ model: String) async throws -> JSONSlice {
      let (_, page) = try await BreakerProcessTests.get(url, "health/providers", client.value)
      let provider = page["providers"]?.elements.first { $0["kind"]?.string == "image" }
      return try #require(
        provider?["models"]?.elements.first { $0["model"]?.string == model }?["breaker"])
    }

    /// Chats with one gateway until all is over.
    func load(_ url: String) async {
      let body = OperationsTests.question
      while isOver.value == 0 {
        let status = try? await client.value.send(
          ClientRequest(.post, HTTPURL(url).appending(path: "v1/chat/completions"), body: body),
          bodyLimit: 1 << 20
        ).head.status
        if status == 200 { answered.value += 1 } else { lost.value += 1 }
      }
    }

    /// Looks again and again whether a breaker stays open until the same time.
    func watch(_ url: String) async {
      while isOver.value == 0 {
        let breaker = try? await breaker(url, StateFailoverTests.failed)
        seen.value += 1
        if breaker?["state"]?.string != "open" || breaker?["next_trial_at"]?.int != deadline.value {
          wrong.value += 1
        }
      }
    }
  }

  /// - Parameters:
  ///   - copies: servers that have the open breaker before one of them is lost.
  ///   - failOver: has the master that holds the breaker replaced, and returns when that is known.
  private func check(
    _ state: String, servers: [RedisProcess], copies: Int,
    _ failOver: @escaping @Sendable (RedisProcess) async throws -> Void
  ) async throws {
    let group = EventLoopGroup(count: 2)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let models = "{id: \(Self.failed), priority: 1}, {id: \(Self.other), priority: 2}"
    let gateways = try (0..<2).map { _ in
      try BreakerProcessTests.gateway(simulator, state: state, models: models)
    }
    defer { for gateway in gateways { gateway.kill() } }
    let urls = [try await gateways[0].url(), try await gateways[1].url()]
    try await loop.run {
      let client = LoopBound(HTTPClient(loop: loop, tls: try TLSContext(client: nil)), on: loop)
      let bench = Bench(state, simulator, urls, client)
      try await self.open(bench, servers, copies)
      let lost = try #require(try await Self.holders(servers, role: "master").first)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for url in urls {
          for _ in 0..<2 { tasks.addTask { await bench.load(url) } }
          tasks.addTask { await bench.watch(url) }
        }
        defer { bench.isOver.value = 1 }
        try await eventually("there is load") { bench.answered.value > 200 }
        try await failOver(lost)
        let before = bench.answered.value
        try await self.isWhole(bench)
        try await eventually("there is load after it") { bench.answered.value > before + 200 }
      }
      #expect(bench.lost.value == 0, "of \(bench.answered.value)")
      #expect(bench.wrong.value == 0, "of \(bench.seen.value)")
      #expect(bench.seen.value > 20)
    }
    await simulator.stop()
    await group.shutdown()
  }

  /// The servers that have the breaker, in a role or in any.
  private static func holders(
    _ servers: [RedisProcess], role: String = ""
  ) async throws -> [RedisProcess] {
    var found: [RedisProcess] = []
    for server in servers {
      let keys = try await server.command("KEYS", "*")
      guard keys.contains("easel:{breaker:image/simulated/\(failed)}state") else { continue }
      if try await server.command("ROLE").hasPrefix(role) { found.append(server) }
    }
    return found
  }

  /// Opens a breaker by failures at one gateway, and waits until both and the store's copies have it.
  private func open(_ bench: Bench, _ servers: [RedisProcess], _ copies: Int) async throws {
    for url in bench.urls {
      try await eventually("the store is there") {
        try await BreakerProcessTests.get(url, "health", bench.client.value).1["state"]?[
          "available"]?
          .bool == true
      }
    }
    // Each picture is asked of both models.
    bench.simulator.setFailureRate(1, route: "images")
    for _ in 0..<5 { _ = try await BreakerProcessTests.draw(bench.urls[0], bench.client.value) }
    bench.simulator.setFailureRate(0, route: "images")
    for url in bench.urls {
      try await eventually("it is open at \(url)") {
        let breaker = try await bench.breaker(url, Self.failed)
        bench.deadline.value = breaker["next_trial_at"]?.int ?? 0
        return breaker["state"]?.string == "open" && breaker["source"]?.string == "shared"
      }
    }
    try await eventually("the copies have it") {
      try await Self.holders(servers).count == copies
    }
  }

  /// Waits until what happens at one gateway is known to the other by way of the store, and to one
  /// that comes now.
  private func isWhole(_ bench: Bench) async throws {
    let client = bench.client.value
    for (command, state) in [("reset", "closed"), ("open", "open")] {
      try await eventually("what is done at one is heard by the other", within: .seconds(120)) {
        let url = try HTTPURL(bench.urls[0])
        _ = try await client.send(
          ClientRequest(
            .post, url.appending(path: "admin/breakers/image/simulated/\(Self.other)"),
            headers: ["authorization": "Bearer operators"],
            body: Array("{\"command\":\"\(command)\"}".utf8)), bodyLimit: 1 << 20)
        return try await bench.breaker(bench.urls[1], Self.other)["state"]?.string == state
      }
    }
    let third = try BreakerProcessTests.gateway(
      bench.simulator, state: bench.state,
      models: "{id: \(Self.failed), priority: 1}, {id: \(Self.other), priority: 2}")
    defer { third.kill() }
    let url = try await third.url()
    try await eventually("the new master has what the old one had", within: .seconds(120)) {
      let breaker = try await bench.breaker(url, Self.failed)
      return breaker["state"]?.string == "open"
        && breaker["next_trial_at"]?.int == bench.deadline.value
    }
  }

  @Test("sentinels: a master that is killed, or replaced", arguments: [true, false])
  func sentinels(_ kills: Bool) async throws {
    let redis = try await RedisSentinels.start()
    defer { redis.kill() }
    try await check(redis.url, servers: redis.servers, copies: 3) { master in
      if kills { master.kill() } else { try await redis.failOver() }
      try await eventually("there is another master", within: .seconds(120)) {
        guard let found = try await redis.master(), found !== master else { return false }
        return try await found.command("ROLE").hasPrefix("master")
      }
    }
  }

  @Test("a cluster: a master that is killed, or replaced", arguments: [true, false])
  func cluster(_ kills: Bool) async throws {
    let redis = try await RedisCluster.start()
    defer { redis.kill() }
    try await check(redis.url, servers: redis.servers, copies: 2) { master in
      let next = try #require(try await Self.holders(redis.servers, role: "slave").first)
      if kills {
        master.kill()
      } else {
        try await eventually("the replica takes over") {
          try await next.command("CLUSTER", "FAILOVER").contains("OK")
        }
      }
      try await eventually("the replica is the master", within: .seconds(120)) {
        try await next.command("ROLE").hasPrefix("master")
      }
    }
  }
}
