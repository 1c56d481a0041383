import EventLoop
import Foundation
import HTTP
import Observability
import TestSupport
import Testing

@testable import Images

/// The shipped catalog against the real providers. One that cannot be asked is reported as skipped,
/// with the variable that is missing, whichever others are asked. Each run with a key draws one
/// picture with the provider's cheapest model, and is charged for it.
///
/// Each has a test of its own, since cases of one test are not reported as skipped.
@Suite("Real providers", .serialized, .bounded, .timeLimit(.minutes(10)))
struct LiveSmokeTests {
  static let entries: [SmokeEntry] =
    (try? SmokeEntry.all(ProcessInfo.processInfo.environment)) ?? []

  @Test("every provider of the shipped catalog has a test here")
  func complete() throws {
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    #expect(Self.entries.count >= 10)
    for entry in Self.entries { #expect(source.contains(".asked(\"\(entry.name)\")")) }
  }

  @Test("openai", .asked("openai")) func openAI() async throws { try await draw("openai") }
  @Test("azure-openai", .asked("azure-openai")) func azure() async throws {
    try await draw("azure-openai")
  }
  @Test("gemini", .asked("gemini")) func gemini() async throws { try await draw("gemini") }
  @Test("imagen", .asked("imagen")) func imagen() async throws { try await draw("imagen") }
  @Test("xai", .asked("xai")) func xai() async throws { try await draw("xai") }
  @Test("bfl", .asked("bfl")) func bfl() async throws { try await draw("bfl") }
  @Test("fal", .asked("fal")) func fal() async throws { try await draw("fal") }
  @Test("together", .asked("together")) func together() async throws { try await draw("together") }
  @Test("replicate", .asked("replicate")) func replicate() async throws {
    try await draw("replicate")
  }
  @Test("stability", .asked("stability")) func stability() async throws {
    try await draw("stability")
  }
  @Test("fireworks", .asked("fireworks")) func fireworks() async throws {
    try await draw("fireworks")
  }
  @Test("leonardo", .asked("leonardo")) func leonardo() async throws { try await draw("leonardo") }
  @Test("openrouter", .asked("openrouter")) func openRouter() async throws {
    try await draw("openrouter")
  }
  @Test("automatic1111", .asked("automatic1111")) func automatic1111() async throws {
    try await draw("automatic1111")
  }
  @Test("comfyui", .asked("comfyui")) func comfyUI() async throws { try await draw("comfyui") }
  @Test("localai", .asked("localai")) func localAI() async throws { try await draw("localai") }

  /// The key is good, and the cheapest model draws.
  private func draw(_ name: String) async throws {
    let entry = try #require(Self.entries.first { $0.name == name })
    let provider = try #require(entry.provider)
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

extension Trait where Self == ConditionTrait {
  /// Skips the test of a provider that cannot be asked, and says what is missing.
  fileprivate static func asked(_ name: String) -> Self {
    let entry = LiveSmokeTests.entries.first { $0.name == name }
    return .enabled(
      if: entry?.provider != nil,
      "not run: \(entry?.missing ?? "the shipped catalog does not have it")")
  }
}
