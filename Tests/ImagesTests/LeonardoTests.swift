import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Leonardo", .bounded, .timeLimit(.minutes(10)))
struct LeonardoTests {
  static let leonardo = JobProvider(
    name: "leonardo", format: .leonardo, cancels: false, model: model())

  static func model(
    capabilities: Set<ImageCapability> = [.seed, .steps, .guidance, .negativePrompt],
    options: [String: String] = [:]
  ) -> ImageModel {
    var model = ImageModel(
      id: "phoenix", provider: "leonardo", sizes: .free(FreeSizes(step: 8, sides: 32...1536)),
      maxCount: 8,
      capabilities: capabilities, styles: ["cinematic", "vibrant"])
    model.wireID = "de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3"
    model.options = options
    return model
  }

  @Test("the request is what the documentation asks for")
  func request() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.size = ImageSize("1000x500")
      request.seed = 42
      request.steps = 30
      request.guidance = 7
      request.negativePrompt = "rain"
      request.style = "cinematic"
      request.outputFormat = "png"
      let model = Self.model(options: ["contrast": "3.5", "style.vibrant": "uuid-1"])
      let result = try await Self.leonardo.draw(
        simulator, request, model: model, count: 2, options: ["creditPrice": "0.002"],
        client.value)
      #expect(result.pictures.count == 2)
      #expect(ImageFormat.png.size(of: result.pictures[0]) == ImageSize("1000x504"))
      #expect(result.answer.cost == 0.016)
      #expect(result.answer.pictures.allSatisfy { $0.seed == 42 })
      #expect(result.answer.adjusted.count == 2)
      let sent = try #require(simulator.requests("leonardo").first)
      #expect(sent.method == "POST")
      #expect(sent.path == "/leonardo/generations")
      #expect(sent.authorization == "Bearer test-key")
      #expect(sent.header("content-type") == "application/json")
      #expect(
        String(decoding: sent.body, as: UTF8.self)
          == #"{"modelId":"de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3","prompt":"a fox","#
          + #""negative_prompt":"rain","width":1000,"height":504,"num_images":2,"seed":42,"#
          + #""num_inference_steps":30,"guidance_scale":7,"presetStyle":"CINEMATIC","#
          + #""contrast":3.5,"public":false}"#)
      let poll = try #require(simulator.requests("leonardo.poll").first)
      #expect(poll.path.hasPrefix("/leonardo/generations/job-"))
      #expect(poll.authorization == "Bearer test-key")
    }
  }

  @Test("what is out of bounds is held to them, and named")
  func bounds() throws {
    var request = ImageRequest(prompt: "a fox")
    request.seed = 4_294_967_295
    request.steps = 4
    request.guidance = 3.5
    request.style = "vibrant"
    request.background = "transparent"
    let model = Self.model(
      capabilities: [.seed, .steps, .guidance, .transparentBackground],
      options: ["style.vibrant": "uuid-1", "public": "true"])
    let encoder = LeonardoEncoder(
      ImageJob(request: request, model: model, count: 1, idempotencyKey: "k"))
    let body = try JSONSlice.parse(encoder.json())
    #expect(body["seed"]?.int == 4_294_967_295 % 2_147_483_638)
    #expect(body["num_inference_steps"]?.int == 10)
    #expect(body["guidance_scale"]?.int == 4)
    #expect(body["styleUUID"]?.string == "uuid-1")
    #expect(body["transparency"]?.string == "foreground_only")
    #expect(body["public"]?.bool == true)
    #expect(encoder.adjusted.count == 3)
  }

  @Test(
    "quality chooses the pipeline",
    arguments: [
      ("ultra", "ultra", true), ("ultra", "alchemy", false), ("high", "alchemy", true),
      ("hd", "alchemy", true),
      ("low", "alchemy", false), ("standard", "alchemy", false),
    ])
  func quality(word: String, field: String, isOn: Bool) throws {
    var request = ImageRequest(prompt: "a fox")
    request.quality = word
    let encoder = LeonardoEncoder(
      ImageJob(
        request: request,
        model: Self.model(capabilities: [.quality], options: ["alchemy": "true"]), count: 1,
        idempotencyKey: "k"))
    #expect(try JSONSlice.parse(encoder.json())[field]?.bool == isOn)
    #expect(encoder.adjusted.isEmpty)
  }

  @Test("pictures are not changed")
  func edit() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.operation = .edit
      let sent = request
      let failure = await #expect(throws: ImageFailure.self) {
        try await Self.leonardo.draw(simulator, sent, client.value)
      }
      #expect(failure?.kind == .badRequest)
      #expect(simulator.requests.isEmpty)
    }
  }

  // MARK: Answers

  @Test("what is flagged is left out, and refused where nothing is left")
  func flagged() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let result = try await Self.leonardo.draw(
        simulator, ImageRequest(prompt: "a naked fox"), count: 3, client.value)
      #expect(result.pictures.count == 2)
      #expect(result.answer.adjusted == ["n: 1 of 3 are flagged as not safe for work"])
      #expect(result.answer.cost == nil)
      let failure = try await Self.leonardo.failure(simulator, prompt: "all naked", client.value)
      #expect(failure.kind == .refused)
      #expect(failure.mayHaveBeenPaid)
    }
  }

  @Test(
    "generations that hold no picture tell why, and strange ones are no end",
    arguments: [
      (#"{"status":"FAILED"}"#, .malformed),
      (
        #"{"status":"FAILED","prompt_moderations":[{"moderationClassification":["GORE"]}]}"#,
        .refused
      ),
      (#"{"status":"COMPLETE","generated_images":[]}"#, .malformed),
      (#"{"status":"COMPLETE","generated_images":[{"id":"1"}]}"#, .malformed),
      (#"{"status":"COMPLETE"}"#, .malformed), (#"{"state":1}"#, nil),
      ("null", nil), (#"{"status":"QUEUED"}"#, nil),
    ] as [(String, ImageFailure.Kind?)])
  func generations(body: String, kind: ImageFailure.Kind?) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      simulator.answer("leonardo.poll", 200, #"{"generations_by_pk":\#(body)}"#)
      if let kind {
        let failure = try await Self.leonardo.failure(simulator, client.value)
        #expect(failure.kind == kind)
        #expect(failure.mayHaveBeenPaid)
        #expect(simulator.requests("leonardo.poll").count == 1)
      } else {
        let result = try await Self.leonardo.draw(
          simulator, ImageRequest(prompt: "a fox"), client.value)
        #expect(result.pictures.count == 1)
      }
      #expect(simulator.jobs["leonardo"]?.accepted == 1)
    }
  }

  @Test(
    "words beat statuses",
    arguments: [
      (400, "not enough api tokens userId: fb48", .outOfCredit),
      (500, "Invalid response from authorization hook", .badKey),
      (200, "Authentication hook unauthorized this request", .badKey),
      (400, "Your prompt was flagged by our content moderation", .refused),
      (400, "concurrency limit reached", .rateLimited),
      (400, "expected a boolean for type Boolean, but found a string", .badRequest),
      (500, "unexpected", .overloaded),
    ] as [(Int, String, ImageFailure.Kind)])
  func words(status: Int, text: String, kind: ImageFailure.Kind) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      simulator.answer("leonardo", status, #"{"error":"\#(text)","path":"$","code":"unexpected"}"#)
      let failure = try await Self.leonardo.failure(simulator, client.value)
      #expect(failure.kind == kind)
      #expect(failure.mayHaveBeenPaid == (kind == .overloaded))
      #expect(!failure.message.contains("fb48"))
    }
  }

  @Test("an id that is none is not put into a path", arguments: ["", "../me", "a/b", "a?b", "ä"])
  func ids(id: String) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      simulator.answer("leonardo", 200, #"{"sdGenerationJob":{"generationId":"\#(id)"}}"#)
      let failure = try await Self.leonardo.failure(simulator, client.value)
      #expect(failure.kind == .malformed)
      #expect(simulator.requests.count == 1)
    }
  }

  @Test(
    "costs are read in dollars, and in credits where their price is known",
    arguments: [
      (#"{"cost":{"amount":"0.012","unit":"DOLLARS"},"apiCreditCost":8}"#, 0.012),
      (#"{"cost":{"amount":0.5,"unit":"USD"}}"#, 0.5), (#"{"apiCreditCost":8}"#, 0.016),
      (#"{"cost":{"amount":8,"unit":"CREDITS"},"apiCreditCost":null}"#, nil), ("{}", nil),
    ] as [(String, Double?)])
  func costs(job: String, cost: Double?) throws {
    var provider = try AdapterHarness.provider(
      "leonardo", .leonardo, Self.model(), at: "http://127.0.0.1:9")
    provider.options["creditPrice"] = "0.002"
    #expect(LeonardoDecoder.cost(try JSONSlice.parse(Array(job.utf8)), provider) == cost)
  }
}
