import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Black Forest Labs", .bounded, .timeLimit(.minutes(10)))
struct BFLTests {
  static let bfl = JobProvider(
    name: "bfl", format: .bfl, cancels: false, path: "/v1", model: model("flux-2-flex"))

  static func model(
    _ wireID: String,
    capabilities: Set<ImageCapability> = [.seed, .steps, .guidance, .outputFormat],
    sizes: SizeSupport = .free(FreeSizes(step: 16, sides: 64...2048)),
    options: [String: String] = [:]
  ) -> ImageModel {
    var model = ImageModel(
      id: "flux", provider: "bfl", sizes: sizes, maxCount: 1, capabilities: capabilities)
    model.wireID = wireID
    model.options = options
    return model
  }

  @Test("the request is what the documentation asks for, and its cost is told")
  func request() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.size = ImageSize("1000x504")
      request.seed = 42
      request.steps = 4
      request.guidance = 3.5
      request.outputFormat = "jpeg"
      request.negativePrompt = "rain"
      let result = try await Self.bfl.draw(
        simulator, request,
        model: Self.model("flux-2-flex", options: ["safety_tolerance": "2"]), client.value)
      #expect(ImageFormat.png.size(of: result.pictures[0]) == ImageSize("1008x512"))
      #expect(result.answer.cost == 0.045)
      #expect(result.answer.pictures[0].seed == 42)
      #expect(result.answer.adjusted.count == 2)
      let sent = try #require(simulator.requests("bfl").first)
      #expect(sent.method == "POST")
      #expect(sent.path == "/bfl/v1/flux-2-flex")
      #expect(sent.header("x-key") == "test-key")
      #expect(sent.authorization == nil)
      #expect(sent.header("content-type") == "application/json")
      #expect(
        String(decoding: sent.body, as: UTF8.self)
          == #"{"prompt":"a fox\nAvoid: rain","width":1008,"height":512,"seed":42,"steps":4,"#
          + #""guidance":3.5,"output_format":"jpeg","safety_tolerance":2}"#)
      let poll = try #require(simulator.requests("bfl.poll").first)
      #expect(poll.path.hasPrefix("/bfl/v1/get_result?id=job-"))
      #expect(poll.header("x-key") == "test-key")
    }
  }

  @Test("shapes and pictures to change follow the model")
  func fields() throws {
    let image = try #require(InputImage([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    var request = ImageRequest(prompt: "a fox")
    request.size = ImageSize("1792x1024")
    request.outputFormat = "webp"
    func sent(_ model: ImageModel) throws -> (body: JSONSlice, notes: [String]) {
      let encoder = BFLEncoder(
        ImageJob(request: request, model: model, count: 1, idempotencyKey: "k"))
      return (try JSONSlice.parse(encoder.json()), encoder.adjusted)
    }
    let ratios = SizeSupport.ratios(["1:1", "16:9"].compactMap(AspectRatio.init(_:)))
    var (body, notes) = try sent(
      Self.model("flux-pro-1.1-ultra", sizes: ratios, options: ["raw": "true"]))
    #expect(body["aspect_ratio"]?.string == "16:9")
    #expect(body["raw"]?.bool == true)
    #expect(body["width"] == nil)
    #expect(body["output_format"] == nil)
    #expect(notes.contains { $0.hasPrefix("output_format: ") })
    request.outputFormat = nil
    request.operation = .edit
    request.images = [InputImage](repeating: image, count: 10)
    (body, notes) = try sent(Self.model("flux-2-pro", capabilities: [.edit, .multipleInputs]))
    #expect(body["input_image"]?.string == "iVBORw0KGgo=")
    #expect(body["input_image_8"]?.string == "iVBORw0KGgo=")
    #expect(body["input_image_9"] == nil)
    #expect(notes.contains { $0.hasPrefix("image: ") })
    request.images = [image]
    request.mask = image
    (body, notes) = try sent(Self.model("flux-pro-1.0-fill", capabilities: [.edit, .mask]))
    #expect(body["image"]?.string == "iVBORw0KGgo=")
    #expect(body["mask"]?.string == "iVBORw0KGgo=")
    #expect(notes.isEmpty)
    (body, notes) = try sent(Self.model("flux-kontext-pro", capabilities: [.edit]))
    #expect(body["mask"] == nil)
    #expect(notes.contains { $0.hasPrefix("mask: ") })
    (body, _) = try sent(
      Self.model("flux-pro-1.1", options: ["image_field": "image_prompt"]))
    #expect(body["image_prompt"]?.string == "iVBORw0KGgo=")
  }

  // MARK: Answers

  @Test("recorded states are read")
  func recorded() async throws {
    try await AdapterHarness.withLink { link in
      let link = link.value
      func answer(_ name: String) throws -> ProviderAnswer {
        let recorded = try JobRecording.answer("bfl/poll-\(name)")
        let state = try #require(try BFLDecoder.result(recorded, over: link))
        return try BFLDecoder.answer(state, over: link)
      }
      guard case .url(let url) = try #require(try answer("ready").pictures.first).source else {
        Issue.record("no address")
        return
      }
      #expect(url == "https://img.invalid/image.png")
      #expect(#expect(throws: ImageFailure.self) { try answer("moderated") }?.kind == .refused)
      #expect(#expect(throws: ImageFailure.self) { try answer("error") }?.kind == .malformed)
    }
  }

  @Test(
    "moderation tells its reasons, and whether anything was drawn",
    arguments: [("forbidden", "request", "Violence", false), ("naked", "picture", "Nudity", true)])
  func moderated(prompt: String, subject: String, reason: String, isPaid: Bool) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let failure = try await Self.bfl.failure(simulator, prompt: prompt, client.value)
      #expect(failure.kind == .refused)
      #expect(failure.message == "bfl: the \(subject) was moderated (\(reason))")
      #expect(failure.mayHaveBeenPaid == isPaid)
    }
  }

  @Test(
    "states that hold no picture tell why, and strange ones are no end",
    arguments: [
      (200, #"{"status":"Error","details":{"error":"boom"}}"#, .malformed),
      (200, #"{"status":"Error","result":null}"#, .malformed),
      (200, #"{"status":"Error","details":"NSFW content"}"#, .refused),
      (200, #"{"status":"Task not found"}"#, .malformed),
      (404, #"{"status":"Task not found"}"#, .malformed),
      (404, #"{"detail":"Not Found"}"#, .notFound),
      (200, #"{"status":"Ready","result":null}"#, .malformed),
      (200, #"{"status":"Ready","result":{"sample":""}}"#, nil),
      (200, #"{"state":"?"}"#, nil), (200, #"{"status":"Reasoning"}"#, nil),
      (403, #"{"detail":"Not authenticated"}"#, .badKey),
      (503, #"{"status":"Error"}"#, nil),
    ] as [(Int, String, ImageFailure.Kind?)])
  func states(status: Int, body: String, kind: ImageFailure.Kind?) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      simulator.answer("bfl.poll", status, body)
      if let kind {
        let failure = try await Self.bfl.failure(simulator, client.value)
        #expect(failure.kind == kind)
        #expect(failure.mayHaveBeenPaid)
        #expect(simulator.requests("bfl.poll").count == 1)
      } else if body.contains("sample") {
        let failure = try await Self.bfl.failure(simulator, client.value)
        #expect(failure.kind == .malformed)
      } else {
        let result = try await Self.bfl.draw(
          simulator, ImageRequest(prompt: "a fox"), client.value)
        #expect(result.pictures.count == 1)
      }
      #expect(simulator.jobs["bfl"]?.accepted == 1)
    }
  }

  @Test(
    "the key goes to hosts of the provider only",
    arguments: [
      "https://evil.example/v1", "https://bfl.ai.evil.example/v1", "https://evilbfl.ai/v1",
      "http://api.eu.bfl.ai/v1", "http://127.0.0.1:1/v1", "https://u@api.bfl.ai/v1", "", "/v1",
    ])
  func pinned(url: String) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      simulator.answer("bfl", 200, #"{"id":"1","polling_url":"\#(url)"}"#)
      let failure = try await Self.bfl.failure(simulator, client.value)
      #expect(failure.kind == .malformed)
      #expect(failure.message == "bfl names an address that is not its own.")
      #expect(failure.mayHaveBeenPaid)
      #expect(simulator.requests.count == 1)
    }
  }

  @Test("regions have hosts of their own")
  func regions() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let (_, link) = try Self.bfl.link(simulator, client.value)
      let url = try link.url(named: "https://api.eu1.bfl.ai/v1/get_result?id=1", hosts: [".bfl.ai"])
      #expect(url.host == "api.eu1.bfl.ai")
    }
  }

  @Test(
    "submissions that fail tell why",
    arguments: [
      (402, #""Insufficient credits""#, "Insufficient credits", .outOfCredit),
      (
        422, #"[{"loc":["body","seed"],"msg":"too big","type":"value_error"}]"#, "seed: too big",
        .badRequest
      ),
      (
        429, #""Rate limit exceeded, retry in 2s""#, "Rate limit exceeded, retry in 2s",
        .rateLimited
      ),
    ] as [(Int, String, String, ImageFailure.Kind)])
  func problems(status: Int, detail: String, text: String, kind: ImageFailure.Kind) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      simulator.answer("bfl", status, #"{"detail":\#(detail)}"#)
      let failure = try await Self.bfl.failure(simulator, client.value)
      #expect(failure.kind == kind)
      #expect(failure.message == "bfl: \(text)")
      #expect(failure.retryAfter == (status == 429 ? .seconds(2) : nil))
      #expect(!failure.mayHaveBeenPaid)
    }
  }
}
