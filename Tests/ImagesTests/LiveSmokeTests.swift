import EventLoop
import Foundation
import HTTP
import Observability
import TestSupport
import Testing

@testable import Images

/// The shipped catalog against the real providers. A provider whose key is not in the environment is
/// reported as skipped, with the variable that is missing. Each run with a key draws one picture
/// with the provider's cheapest model, and is charged for it.
@Suite("Real providers", .serialized, .bounded, .timeLimit(.minutes(10)))
struct LiveSmokeTests {
  static let catalog: ImageCatalog = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("PROVIDER_CATALOG.json")
    guard let bytes = try? Data(contentsOf: file),
      let read = try? CatalogReader.read(
        Array(bytes), environment: ProcessInfo.processInfo.environment)
    else { return ImageCatalog() }
    return read.images
  }()

  @Test("the shipped catalog can be read") func catalogIsThere() {
    #expect(Self.catalog.providers.count >= 10)
  }

  @Test(
    "the key is good, and the cheapest model draws",
    .enabled(
      if: catalog.providers.contains(where: \.isUsable),
      "not run: none of \(catalog.providers.compactMap(\.keyVariable).joined(separator: ", ")) is set"
    ),
    arguments: catalog.providers.filter(\.isUsable).map(\.name))
  func draws(name: String) async throws {
    let provider = try #require(Self.catalog.providers.first { $0.name == name })
    let request = ImageRequest(prompt: "a small red dot on white")
    let cheapest = try #require(
      provider.models.min {
        $0.quote(request).price ?? .infinity < $1.quote(request).price ?? .infinity
      })
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let (answer, size) = try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      let answer = await ProviderCheck.ask(provider, client: client)
      var single = provider
      single.models = [cheapest]
      let pipeline = ImagePipeline(ImageCatalog(providers: [single]))
      let result = try await pipeline.generate(request, client: client)
      return (answer, result.images.first?.bytes.count ?? 0)
    }
    if case .failed(_, let reason) = answer { Issue.record("\(name): \(reason)") }
    #expect(size > 0)
    await group.shutdown()
  }
}
