import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Edits and variations at OpenAI", .bounded, .timeLimit(.minutes(10)))
struct OpenAIEditTests {
  private static func provider(_ model: String, _ simulator: SimulatorServer) throws
    -> ImageProvider
  {
    try AdapterHarness.provider(
      "openai", .openAI, ImageModel(id: model, provider: "openai"), at: simulator.baseURL)
  }

  private static func form(_ request: SimulatorRequest) throws -> [MultipartParser.Part] {
    try MultipartParser.parse(
      body: request.body, contentType: try #require(request.header("content-type")))
  }

  @Test("an edit is a form with the pictures and the mask")
  func edit() async throws {
    let (first, second) = (try AdapterProbe.picture(), try AdapterProbe.picture(32, 64))
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "add a hat")
      request.operation = .edit
      request.images = [first, second]
      request.mask = first
      request.size = ImageSize("1536x1024")
      request.inputFidelity = "high"
      let answer = try await AdapterProbe.draw(
        try Self.provider("gpt-image-1", simulator), request, count: 2, client.value
      ).get()
      #expect(AdapterProbe.sizes(answer) == ["1536x1024", "1536x1024"])
      #expect(answer.adjusted == [])
      let sent = try #require(simulator.requests.first)
      #expect(sent.method == "POST")
      #expect(sent.path == "/v1/images/edits")
      #expect(sent.authorization == "Bearer test-key")
      let parts = try Self.form(sent)
      let fields = parts.filter { $0.fileName == nil }.map { "\($0.name)=\($0.text ?? "")" }
      #expect(
        fields == [
          "model=gpt-image-1", "prompt=add a hat", "n=2", "size=1536x1024", "quality=auto",
          "input_fidelity=high",
        ])
      let files = parts.filter { $0.fileName != nil }
      #expect(files.map(\.name) == ["image[]", "image[]", "mask"])
      #expect(files.map(\.contentType) == ["image/png", "image/png", "image/png"])
      #expect(files.map { Array($0.bytes) } == [first.bytes, second.bytes, first.bytes])
    }
  }

  @Test("a variation is a form without a prompt")
  func variation() async throws {
    let image = try AdapterProbe.picture()
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "")
      request.operation = .variation
      request.images = [image]
      request.size = ImageSize("256x256")
      let answer = try await AdapterProbe.draw(
        try Self.provider("dall-e-2", simulator), request, count: 2, client.value
      ).get()
      #expect(AdapterProbe.sizes(answer) == ["256x256", "256x256"])
      let sent = try #require(simulator.requests.first)
      #expect(sent.path == "/v1/images/variations")
      #expect(
        try Self.form(sent).map(\.name) == ["model", "n", "size", "response_format", "image"])
    }
  }

  @Test(
    "the simulated API refuses what the real one does",
    arguments: [
      ("gpt-image-1", ImageRequest.Operation.variation), ("dall-e-3", .edit),
      ("dall-e-3", .variation),
    ])
  func refusedModels(model: String, operation: ImageRequest.Operation) async throws {
    let image = try AdapterProbe.picture()
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a hat")
      request.operation = operation
      request.images = [image]
      let failure = await AdapterProbe.failure(
        try Self.provider(model, simulator), request, client.value)
      #expect(failure?.kind == .notFound)
      #expect(simulator.jobs["openai"] == nil)
    }
  }

  @Test("a mask of another size, and a file that is no picture, are refused")
  func refusedFiles() async throws {
    let (image, mask) = (try AdapterProbe.picture(), try AdapterProbe.picture(16, 16))
    let webp = try #require(InputImage(Array("RIFF0000WEBP".utf8)))
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a hat")
      request.operation = .edit
      request.images = [image]
      request.mask = mask
      let provider = try Self.provider("gpt-image-1", simulator)
      #expect(await AdapterProbe.failure(provider, request, client.value)?.kind == .badRequest)
      request.mask = nil
      request.images = [webp]
      #expect(await AdapterProbe.failure(provider, request, client.value) == nil)
      let old = try Self.provider("dall-e-2", simulator)
      #expect(await AdapterProbe.failure(old, request, client.value)?.kind == .badRequest)
    }
  }
}
