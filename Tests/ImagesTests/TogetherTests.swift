import EventLoop
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Together", .bounded, .timeLimit(.minutes(10)))
struct TogetherTests {
  private static let model: ImageModel = {
    var model = ImageModel(
      id: "flux-dev", provider: "together", dialect: .generic,
      sizes: .free(FreeSizes(step: 8, sides: 64...1792)), maxCount: 4,
      capabilities: [.edit, .seed, .steps, .guidance, .negativePrompt, .outputFormat])
    model.wireID = "black-forest-labs/FLUX.1-dev"
    return model
  }()

  private static let trial = AdapterTrial(name: "together", format: .together, model: model)

  @Test("a request says all that is asked, in Together's words")
  func request() async throws {
    var request = ImageRequest(prompt: "a fox")
    request.negativePrompt = "rain"
    request.size = ImageSize(width: 131, height: 64)
    request.seed = 7
    request.steps = 12
    request.guidance = 3.5
    request.outputFormat = "png"
    request.style = "vivid"
    let outcome = try await Self.trial.run(request, count: 2)
    let sent = try #require(outcome.requests.first)
    #expect(sent.method == "POST")
    #expect(sent.path == "/together/images/generations")
    #expect(sent.authorization == "Bearer test-key")
    #expect(sent.header("content-type") == "application/json")
    #expect(
      String(decoding: sent.body, as: UTF8.self)
        == #"{"model":"black-forest-labs/FLUX.1-dev","prompt":"a fox","negative_prompt":"rain","#
        + #""n":2,"width":128,"height":64,"steps":12,"guidance_scale":3.5,"seed":7,"#
        + #""output_format":"png","response_format":"base64"}"#)
    let answer = try #require(outcome.answer)
    #expect(answer.pictures.map(\.size) == [ImageSize("128x64"), ImageSize("128x64")])
    #expect(
      answer.adjusted == [
        "size: 128x64 in place of 131x64", "style: flux-dev has no such parameter",
      ])
    #expect(outcome.accepted == 1)
  }

  @Test("models that know shapes alone are asked for a shape, with steps of their own")
  func shapes() throws {
    var model = Self.model
    model.sizes = .ratios(["1:1", "16:9"].compactMap { AspectRatio($0) })
    model.options["steps"] = "4"
    var request = ImageRequest(prompt: "a fox")
    request.size = ImageSize("1792x1024")
    request.outputFormat = "webp"
    let encoded = TogetherEncoder(
      ImageJob(request: request, model: model, count: 1, idempotencyKey: "k"))
    let body = try JSONSlice.parse(encoded.body)
    #expect(body["aspect_ratio"]?.string == "16:9")
    #expect(body["width"] == nil)
    #expect(body["steps"]?.int == 4)
    #expect(body["output_format"] == nil)
    #expect(encoded.adjusted.map { $0.prefix { $0 != ":" } } == ["size", "output_format"])
  }

  @Test("an edit carries its pictures as data URLs", arguments: [true, false])
  func edit(several: Bool) async throws {
    var trial = Self.trial
    if several { trial.model.capabilities.insert(.multipleInputs) }
    var request = ImageRequest(prompt: "make it blue")
    request.operation = .edit
    request.size = ImageSize("64x64")
    request.images = [try WireFixture.picture(), try WireFixture.picture()]
    request.mask = try WireFixture.picture()
    let outcome = try await trial.run(request)
    let body = try outcome.json()
    let urls =
      several
      ? try #require(body["reference_images"]).elements.map { $0.string }
      : [body["image_url"]?.string]
    #expect(urls.count == (several ? 2 : 1))
    #expect(urls.allSatisfy { $0?.hasPrefix("data:image/png;base64,iVBORw0") == true })
    let adjusted = try #require(outcome.answer).adjusted
    #expect(adjusted.contains { $0.hasPrefix("mask:") })
    #expect(adjusted.contains { $0.hasPrefix("image:") } == !several)
  }

  @Test("an answer is read as it was written down")
  func recorded() async throws {
    let answer = try await AdapterHarness.withLink { link in
      try TogetherAdapter.decode(try WireFixture.answer("together/success"), over: link.value)
    }
    #expect(answer.pictures.map(\.size) == [ImageSize("4x4")])
  }

  @Test(
    "failures are sorted into classes",
    arguments: FaultCase.common + [
      FaultCase(
        422, #"{"error":{"message":"NSFW content detected","code":null}}"#, .refused),
      FaultCase(
        400, #"{"error":{"message":"blocked","code":"content_policy_violation"}}"#, .refused),
      FaultCase(403, #"{"error":{"message":"too many tokens"}}"#, .badRequest),
      FaultCase(403, #"{"error":{"message":"no","type":"authorization_error"}}"#, .badKey),
      FaultCase(400, #"{"error":{"message":"no","code":"model_not_available"}}"#, .notFound),
      FaultCase(200, #"{"data":[{"b64_json":"%%%"}]}"#, .malformed, paid: true),
      FaultCase(200, #"{"data":[]}"#, .malformed, paid: true),
    ])
  func failures(fault: FaultCase) async throws { try await fault.check(Self.trial) }

  @Test("the hint of a rate limit is found in its own field")
  func rateLimit() async throws {
    let answer = try ProviderAnswerTests.answer(429, [("x-ratelimit-reset", "3")], [])
    let failure = await #expect(throws: ImageFailure.self) {
      _ = try await AdapterHarness.withLink { try TogetherAdapter.decode(answer, over: $0.value) }
    }
    #expect(failure?.retryAfter == .seconds(3))
  }

  @Test(
    "the provider's own refusals are told apart",
    arguments: [
      ("something forbidden", "test-key", .refused), ("a fox", "bad-key", .badKey),
    ] as [(String, String, ImageFailure.Kind)])
  func refusals(prompt: String, key: String, kind: ImageFailure.Kind) async throws {
    let outcome = try await Self.trial.run(ImageRequest(prompt: prompt), key: key)
    #expect(outcome.failure?.kind == kind)
    #expect(outcome.accepted == 0)
    #expect(outcome.failure?.mayHaveBeenPaid == false)
  }

  @Test("keys are checked and models listed at no cost")
  func models() async throws {
    #expect(try await Self.trial.models() == ["black-forest-labs/FLUX.1-schnell"])
    let failure = await #expect(throws: ImageFailure.self) {
      _ = try await Self.trial.models(key: "bad-key")
    }
    #expect(failure?.kind == .badKey)
  }
}
