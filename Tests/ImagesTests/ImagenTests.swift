import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Imagen", .bounded, .timeLimit(.minutes(10)))
struct ImagenTests {
  static func provider(
    _ simulator: SimulatorServer, vertex: Bool = false, key: String? = "test-key",
    model wireID: String = "imagen-4.0-generate-001"
  ) throws -> ImageProvider {
    let ratios = ["1:1", "3:4", "4:3", "9:16", "16:9"].compactMap(AspectRatio.init(_:))
    var model = ImageModel(
      id: "imagen", provider: "imagen", sizes: .ratios(ratios), maxCount: 4,
      capabilities: [.seed, .negativePrompt, .outputFormat, .outputCompression])
    model.wireID = wireID
    var provider = try AdapterHarness.provider(
      "imagen", .imagen, model,
      at: simulator.url(vertex ? "imagen/v1/projects/p/locations/l" : "imagen"), key: key)
    if vertex { provider.options["api"] = "vertex" }
    return provider
  }

  private static var request: ImageRequest {
    var request = ImageRequest(prompt: "a fox")
    request.negativePrompt = "rain"
    request.size = ImageSize("1024x1024")
    request.seed = 7
    return request
  }

  @Test("a prediction of the Gemini API is what the documentation asks for")
  func studio() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = Self.request
      request.outputFormat = "jpeg"
      request.outputCompression = 80
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator), request, count: 2, client.value
      ).get()
      #expect(AdapterProbe.sizes(answer) == ["1024x1024", "1024x1024"])
      #expect(
        answer.adjusted == [
          "negative_prompt: put into the prompt", "size: given as aspect ratio 1:1",
          "seed: imagen has no such parameter",
        ])
      let sent = try #require(simulator.requests.first)
      #expect(sent.method == "POST")
      #expect(sent.path == "/imagen/models/imagen-4.0-generate-001:predict")
      #expect(sent.header("x-goog-api-key") == "test-key")
      #expect(
        String(decoding: sent.body, as: UTF8.self)
          == #"{"instances":[{"prompt":"a fox\nAvoid: rain"}],"parameters":{"sampleCount":2,"#
          + #""aspectRatio":"1:1","includeRaiReason":true,"outputOptions":"#
          + #"{"mimeType":"image/jpeg","compressionQuality":80}}}"#)
      #expect(simulator.jobs["imagen"]?.accepted == 1)
    }
  }

  @Test("on Vertex the project is in the path, the key is a token, and there are more parameters")
  func vertex() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var provider = try Self.provider(simulator, vertex: true)
      provider.models[0].options = ["resolution": "2K", "personGeneration": "allow_adult"]
      let answer = try await AdapterProbe.draw(provider, Self.request, client.value).get()
      #expect(answer.adjusted == ["size: given as aspect ratio 1:1"])
      #expect(answer.pictures.first?.revisedPrompt == "A detailed picture: a fox")
      let sent = try #require(simulator.requests.first)
      #expect(
        sent.path
          == "/imagen/v1/projects/p/locations/l/publishers/google/models/imagen-4.0-generate-001:predict"
      )
      #expect(sent.authorization == "Bearer test-key")
      #expect(sent.header("x-goog-api-key") == nil)
      #expect(
        String(decoding: sent.body, as: UTF8.self)
          == #"{"instances":[{"prompt":"a fox"}],"parameters":{"sampleCount":1,"#
          + #""aspectRatio":"1:1","sampleImageSize":"2K","negativePrompt":"rain","seed":7,"#
          + #""addWatermark":false,"personGeneration":"allow_adult","includeRaiReason":true}}"#)
    }
  }

  @Test(
    "written answers are read",
    arguments: [("imagen/predict-success", true), ("imagen/predict-filtered", false)])
  func recorded(name: String, succeeds: Bool) async throws {
    let recorded = try RecordedAnswer.named(name)
    let result: Result<ProviderAnswer, any Error>
    do {
      result = .success(
        try await AdapterHarness.withLink { link in
          try ImagenAdapter.decode(recorded, over: link.value)
        })
    } catch {
      result = .failure(error)
    }
    switch result {
    case .success(let answer): #expect(succeeds && AdapterProbe.sizes(answer) == ["4x4"])
    case .failure(let error):
      let failure = try #require(error as? ImageFailure)
      #expect(!succeeds && failure.kind == .refused)
      #expect(failure.message == "openai: Unable to show generated images.")
    }
  }

  @Test("pictures that are held back are missing from those that are not")
  func partlyFiltered() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var fault = SimulatorFault()
      fault.status = 200
      fault.body =
        #"{"predictions":[{"raiFilteredReason":"no"},{"bytesBase64Encoded":"aGVsbG8="},"#
        + #"{"safetyAttributes":{}}]}"#
      simulator.queue(fault, route: "imagen")
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator), ImageRequest(prompt: "a fox"), count: 3, client.value
      ).get()
      #expect(AdapterProbe.bytes(answer) == [Array("hello".utf8)])
    }
  }

  static let table: [ProbeCase] = [
    .answer(200, "{}", .refused), .answer(200, #"{"predictions":[]}"#, .refused),
    .answer(200, #"{"raiFilteredReason":"no"}"#, .refused),
    .answer(200, #"{"predictions":[{"raiFilteredReason":"no"}]}"#, .refused),
    .answer(200, #"{"predictions":[{"bytesBase64Encoded":"%"}]}"#, .malformed),
  ]

  @Test("every other way to fail has its class", arguments: [false, true])
  func failures(vertex: Bool) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      await AdapterProbe.check(
        ProbeCase.transport + Self.table + GoogleErrorTable.all, route: "imagen", simulator,
        client.value, try Self.provider(simulator, vertex: vertex))
    }
  }

  @Test("a refusal comes with its reason", arguments: [false, true])
  func refusal(vertex: Bool) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let failure = await AdapterProbe.failure(
        try Self.provider(simulator, vertex: vertex), ImageRequest(prompt: "forbidden"),
        client.value)
      #expect(failure?.kind == .refused)
      #expect(failure?.message == "imagen: Unable to show generated images.")
      #expect(simulator.jobs["imagen"] == nil)
    }
  }

  @Test("a picture is not changed")
  func edit() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a hat")
      request.operation = .edit
      let provider = try Self.provider(simulator)
      #expect(await AdapterProbe.failure(provider, request, client.value)?.kind == .badRequest)
      #expect(simulator.requests.isEmpty)
    }
  }

  @Test("the key is checked, and models are listed, at no cost", arguments: [false, true])
  func keyCheck(vertex: Bool) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let adapter = ImagenAdapter()
      func link(_ key: String?) throws -> ProviderLink {
        ProviderLink(
          provider: try Self.provider(simulator, vertex: vertex, key: key), client: client.value,
          imageLimit: 1 << 20)
      }
      try await adapter.checkKey(over: try link("test-key"))
      #expect(
        try await adapter.listModels(over: try link("test-key"))
          == (vertex ? nil : ["imagen-4.0-generate-001"]))
      for key in ["bad-key", nil] {
        let wrong = try link(key)
        let failure = await #expect(throws: ImageFailure.self) {
          try await adapter.checkKey(over: wrong)
        }
        #expect(failure?.kind == .badKey)
      }
      #expect(simulator.jobs.isEmpty)
    }
  }
}
