import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

/// Servers that copy OpenAI's images API, such as LocalAI: their models have the dialect `generic`.
@Suite("Servers like OpenAI's", .bounded, .timeLimit(.minutes(10)))
struct GenericServerTests {
  static func provider(
    _ simulator: SimulatorServer, capabilities: Set<ImageCapability>? = nil,
    key: String? = "test-key"
  ) throws -> ImageProvider {
    let model = ImageModel(
      id: "flux.1-schnell", provider: "localai", capabilities: capabilities)
    #expect(model.dialect == .generic)
    return try AdapterHarness.provider("localai", .openAI, model, at: simulator.baseURL, key: key)
  }

  @Test("a generation has the parameters that the model is said to take, and base64 is asked for")
  func generation() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.size = ImageSize("320x192")
      request.negativePrompt = "rain"
      request.seed = 7
      request.steps = 4
      request.user = "me"
      let provider = try Self.provider(
        simulator, capabilities: [.negativePrompt, .seed, .steps], key: nil)
      let answer = try await AdapterProbe.draw(provider, request, count: 2, client.value).get()
      #expect(AdapterProbe.sizes(answer) == ["320x192", "320x192"])
      #expect(answer.adjusted.isEmpty)
      let sent = try #require(simulator.requests.first)
      #expect(sent.method == "POST" && sent.path == "/v1/images/generations")
      #expect(sent.authorization == nil)
      #expect(
        String(decoding: sent.body, as: UTF8.self)
          == #"{"model":"flux.1-schnell","prompt":"a fox","n":2,"size":"320x192","#
          + #""response_format":"b64_json","negative_prompt":"rain","seed":7,"steps":4,"#
          + #""user":"me"}"#)
    }
  }

  @Test("steps have the name that the server knows them by, as LocalAI has one of its own")
  func stepsField() throws {
    let catalog = try CatalogSupport.shipped(CatalogTests.ownServers).images
    let models = try #require(catalog.providers.first { $0.name == "localai" }?.models)
    #expect(models.count == 2)
    for model in models {
      var request = ImageRequest(prompt: "a fox")
      request.steps = 9
      let encoder = OpenAIImagesEncoder(
        ImageJob(request: request, model: model, count: 1, idempotencyKey: "k"))
      let body = try JSONSlice.parse(encoder.json())
      #expect(body["step"]?.int == 9 && body["steps"] == nil && body["steps_field"] == nil)
      #expect(encoder.adjusted.isEmpty)
    }
  }

  @Test("what the model is not said to take is not sent, and named")
  func adjusted() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.quality = "hd"
      request.style = "vivid"
      request.negativePrompt = "rain"
      request.seed = 7
      request.steps = 4
      request.guidance = 3
      request.background = "transparent"
      request.outputFormat = "webp"
      request.outputCompression = 50
      request.moderation = "low"
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator), request, client.value
      ).get()
      #expect(
        answer.adjusted.map { $0.prefix { $0 != ":" } } == [
          "negative_prompt", "style", "seed", "steps", "guidance", "background", "output_format",
          "output_compression", "moderation",
        ])
      let body = try JSONSlice.parse(try #require(simulator.requests.first).body)
      #expect(body.members.map(\.key) == ["model", "prompt", "n", "response_format"])
      #expect(body["prompt"]?.string == "a fox\nAvoid: rain")
    }
  }

  @Test("a picture at a URL of the server is fetched, though base64 was asked for")
  func url() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let dalle = try AdapterHarness.provider(
        "openai", .openAI, ImageModel(id: "dall-e-3", provider: "openai"), at: simulator.baseURL)
      // A file of the simulator's, to hand out.
      let drawn = try await client.value.send(
        ClientRequest(
          .post, dalle.baseURL.appending(path: "images/generations"),
          headers: ["authorization": "Bearer test-key", "content-type": "application/json"],
          body: Array(#"{"model":"dall-e-3","prompt":"x","response_format":"url"}"#.utf8)),
        bodyLimit: 1 << 20)
      simulator.answer("images", 200, String(decoding: drawn.body, as: UTF8.self))
      let pipeline = ImagePipeline(ImageCatalog(providers: [try Self.provider(simulator)]))
      let result = try await pipeline.generate(ImageRequest(prompt: "x"), client: client.value)
      #expect(result.images.map(\.format) == [.png])
      #expect(result.cost == nil, "nobody knows what it costs")
      #expect(simulator.requests.last?.route == "files")
    }
  }

  @Test("an edit is a form with one picture; what the API lacks is told by the server")
  func edit() async throws {
    let image = try AdapterProbe.picture()
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a hat")
      request.operation = .edit
      request.images = [image]
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator, capabilities: [.edit]), request, client.value
      ).get()
      #expect(AdapterProbe.bytes(answer).count == 1)
      let sent = try #require(simulator.requests.first)
      #expect(sent.path == "/v1/images/edits")
      let parts = try MultipartParser.parse(
        body: sent.body, contentType: try #require(sent.header("content-type")))
      #expect(parts.map(\.name) == ["model", "prompt", "n", "response_format", "image"])
    }
  }

  @Test("every way to fail has its class")
  func failures() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      await AdapterProbe.check(
        ProbeCase.transport, route: "images", simulator, client.value,
        try Self.provider(simulator))
    }
  }
}
