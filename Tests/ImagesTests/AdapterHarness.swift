import EventLoop
import HTTP
import Observability
import OpenAIWire
import Simulator
import Testing

@testable import Images

/// Runs adapters against simulated providers on a loopback port.
enum AdapterHarness {
  /// A provider of a simulator, with one model.
  static func provider(
    _ name: String, _ format: WireFormat, _ model: ImageModel, at base: String,
    key: String? = "test-key", timeout: Duration = .seconds(120)
  ) throws -> ImageProvider {
    var provider = ImageProvider(
      name: name, format: format, baseURL: try HTTPURL(base), apiKey: key.map { Secret($0) },
      models: [model], timeout: timeout, allowsPrivateURLs: true)
    provider.keyVariable = "TEST_KEY"
    return provider
  }

  /// Starts a simulator and runs `body` on a loop of its own, with a client.
  static func withSimulator<T: Sendable>(
    _ body: @escaping @Sendable (SimulatorServer, LoopBound<HTTPClient>) async throws -> T
  ) async throws -> T {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let result: Result<T, any Error>
    do {
      result = .success(
        try await loop.run {
          let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
          defer { client.closeIdleConnections() }
          return try await body(simulator, LoopBound(client, on: loop))
        })
    } catch {
      result = .failure(error)
    }
    await simulator.stop()
    await group.shutdown()
    return try result.get()
  }

  /// Draws one job at a simulated provider.
  static func draw(
    _ provider: ImageProvider, _ request: ImageRequest, count: Int = 1, _ client: HTTPClient
  ) async throws -> ProviderAnswer {
    let adapter = AdapterDirectory.adapter(for: provider.format)
    let model = try #require(provider.models.first)
    let job = ImageJob(request: request, model: model, count: count, idempotencyKey: "job-1")
    let link = ProviderLink(provider: provider, client: client, imageLimit: 32 << 20)
    return try await adapter.draw(job, over: link)
  }

  /// A link that reaches nobody, for what only reads answers.
  static func withLink<T: Sendable>(
    _ body: @escaping @Sendable (LoopBound<ProviderLink>) async throws -> T
  ) async throws -> T {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let result: Result<T, any Error>
    do {
      result = .success(
        try await loop.run {
          var model = ImageModel(id: "m", provider: "openai")
          model.wireID = "gpt-image-2"
          let provider = try provider("openai", .openAI, model, at: "http://127.0.0.1:9")
          let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
          let link = ProviderLink(provider: provider, client: client, imageLimit: 32 << 20)
          return try await body(LoopBound(link, on: loop))
        })
    } catch {
      result = .failure(error)
    }
    await group.shutdown()
    return try result.get()
  }
}
