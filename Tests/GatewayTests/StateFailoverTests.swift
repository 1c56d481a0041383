import Simulator
import TestSupport
import Testing

@Suite("A store that fails over under load", .bounded, .timeLimit(.minutes(10)))
struct StateFailoverTests {
  /// How a server is replaced.
  enum Way: String, CaseIterable, Sendable {
    /// The server is killed, and missed after a while.
    case killed
    /// Another one is told to take over, and the server lives on.
    case handedOver
  }

  /// Which master of a cluster is replaced.
  enum Master: Int, CaseIterable, Sendable {
    /// The one that the URL names first: gateways hear announcements from it.
    case first
    /// One that only has keys.
    case second
  }

  /// Requests that a fail-over has to be seen with.
  private static let fewest = 400

  @Test(
    "the master that the sentinels know: no request and no open state is lost",
    arguments: Way.allCases)
  func sentinels(_ way: Way) async throws {
    let servers = try await RedisSentinels.start()
    defer { servers.kill() }
    let first = try #require(try await servers.master())
    try await Self.losesNothing(
      servers.url, of: first,
      failOver: {
        switch way {
        case .killed: first.kill()
        case .handedOver: try await servers.failOver()
        }
        try await eventually("the sentinels know another master") {
          try await servers.master() !== first
        }
        return try #require(try await servers.master())
      })
  }

  @Test(
    "a master of a cluster: no request and no open state is lost", arguments: Way.allCases,
    Master.allCases)
  func cluster(_ way: Way, _ master: Master) async throws {
    let servers = try await RedisCluster.start()
    defer { servers.kill() }
    let first = servers.servers[master.rawValue]
    let second = try await servers.replica(of: first)
    try await Self.losesNothing(
      servers.url, of: first,
      failOver: {
        switch way {
        case .killed: first.kill()
        case .handedOver: try await servers.failOver(to: second)
        }
        try await eventually("the replica has taken over") { try await second.isMaster }
        return second
      })
  }

  /// Sees that gateways lose nothing while a server of their store is replaced.
  /// - Parameter failOver: replaces the server `first`, and returns the one that has its place.
  private static func losesNothing(
    _ url: String, of first: RedisProcess,
    failOver: @escaping @Sendable () async throws -> RedisProcess
  ) async throws {
    try await FailoverScene.run(state: url + "?timeout=2s&connect_timeout=2s") { scene in
      let gateways = [try scene.gateway(), try scene.gateway()]
      defer { for gateway in gateways { gateway.kill() } }
      let urls = [try await gateways[0].url(), try await gateways[1].url()]
      let deadlines = try await open(scene, urls)
      var held: Set<String> = []
      try await eventually("the server that is replaced has some of them") {
        held = try await FailoverScene.models(in: first)
        return !held.isEmpty
      }
      let asked = scene.broken.requests.count
      let load = FailoverLoad()
      try await load.run(scene, at: urls, knowing: deadlines) { [held] in
        try await eventually("there is load") { load.requests > fewest / 4 }
        let second = try await failOver()
        try await eventually("the gateways are connected") {
          for url in urls where try await !scene.isConnected(at: url) { return false }
          return true
        }
        try await eventually("the new master knows what the old one knew") {
          try await held.isSubset(of: FailoverScene.models(in: second))
        }
        try await isKnownToNewcomers(scene, deadlines)
        let before = load.requests
        try await eventually("the load goes on") { load.requests > max(before, fewest) }
      }
      #expect(load.faults.isEmpty, "\(load.faults.count): \(load.faults.prefix(3))")
      #expect(load.requests > fewest && load.looks > 10)
      #expect(scene.broken.requests.count == asked, "the one that fails was left alone")
      try await isSharedStill(scene, urls, deadlines)
    }
  }

  /// Opens all breakers but the last one, the first by failures, and waits until all know it.
  private static func open(
    _ scene: FailoverScene, _ urls: [String]
  ) async throws -> [String: Int] {
    for _ in 0..<5 { _ = try await scene.chat(FailoverScene.pair, at: urls[0]) }
    for model in FailoverScene.models.dropFirst().dropLast() {
      try await scene.open(model, at: urls[0])
    }
    let deadlines = try await scene.deadlines(at: urls[0])
    #expect(deadlines.count == FailoverScene.models.count - 1)
    try await eventually("the other gateway knows the same") {
      try await scene.deadlines(at: urls[1]) == deadlines
    }
    return deadlines
  }

  /// A gateway that starts now knows what is open, from the store alone.
  private static func isKnownToNewcomers(
    _ scene: FailoverScene, _ deadlines: [String: Int]
  ) async throws {
    let third = try scene.gateway()
    defer { third.kill() }
    let url = try await third.url()
    try await eventually("a third gateway knows the same") {
      try await scene.deadlines(at: url) == deadlines
    }
  }

  /// What opens in one gateway from now on opens in the other, with the same deadline.
  private static func isSharedStill(
    _ scene: FailoverScene, _ urls: [String], _ deadlines: [String: Int]
  ) async throws {
    for _ in 0..<5 { _ = try await scene.chat(FailoverScene.late, at: urls[0]) }
    let more = try await scene.deadlines(at: urls[0])
    #expect(more.count == deadlines.count + 1)
    try await eventually("the other gateway hears of it") {
      try await scene.deadlines(at: urls[1]) == more
    }
    try await isKnownToNewcomers(scene, more)
  }
}
