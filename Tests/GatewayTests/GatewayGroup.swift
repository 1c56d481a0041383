import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

/// Gateways that share a store of state, before one simulated provider.
struct GatewayGroup {
  let simulator: SimulatorServer
  let urls: [String]
  /// Theirs alone, and gone after the test.
  let folder: URL
  /// Nil where the store is a file.
  let redis: RedisProcess?
  /// Of the test's own loop.
  let client: HTTPClient

  /// Starts them, runs a test when all of them have reached the store, and ends them.
  /// - Parameters:
  ///   - secret: what no gateway may have logged.
  ///   - start: starts one that uses the state, and may keep files in the folder.
  static func with(
    _ store: BreakerProcessTests.Store, count: Int, secret: String,
    start: (SimulatorServer, _ state: String, _ folder: URL) throws -> EaselProcess,
    body: @escaping @Sendable (GatewayGroup) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder.make("group")
    defer { try? FileManager.default.removeItem(at: folder) }
    let redis = store == .redis ? try await RedisProcess.start() : nil
    defer { redis?.kill() }
    let state = redis.map { $0.url + "?timeout=5s" } ?? "sqlite:\(folder.path)/easel.db"
    let loops = EventLoopGroup(count: 2)
    let loop = loops.loops[0]
    let simulator = try await SimulatorServer.start(group: loops)
    var gateways: [EaselProcess] = []
    defer { for gateway in gateways { gateway.kill() } }
    for _ in 0..<count { gateways.append(try start(simulator, state, folder)) }
    var addresses: [String] = []
    for gateway in gateways { addresses.append(try await gateway.url()) }
    let urls = addresses
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      for url in urls {
        try await eventually("the store is there") {
          try await BreakerProcessTests.get(url, "health", client).1["state"]?["available"]?.bool
            == true
        }
      }
      try await body(
        GatewayGroup(
          simulator: simulator, urls: urls, folder: folder, redis: redis, client: client))
    }
    for gateway in gateways { #expect(!gateway.log.contains(secret)) }
    await simulator.stop()
    await loops.shutdown()
  }
}
