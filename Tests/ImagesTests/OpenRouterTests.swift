import EventLoop
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("OpenRouter", .bounded, .timeLimit(.minutes(10)))
struct OpenRouterTests {
  private static let chat: AdapterTrial = {
    var model = ImageModel(
      id: "nano-banana", provider: "openrouter", dialect: .generic, maxCount: 1,
      capabilities: [.edit, .multipleInputs, .quality, .seed])
    model.wireID = "google/gemini-2.5-flash-image"
    return AdapterTrial(name: "openrouter", format: .openRouter, model: model)
  }()

  private static let images: AdapterTrial = {
    var model = ImageModel(
      id: "seedream", provider: "openrouter", dialect: .generic,
      sizes: .ratios(["1:1", "16:9"].compactMap { AspectRatio($0) }), maxCount: 4,
      capabilities: [
        .edit, .quality, .seed, .outputFormat, .outputCompression, .transparentBackground,
      ])
    model.wireID = "bytedance-seed/seedream-4.5"
    model.options = ["endpoint": "images", "resolution": "2K"]
    return AdapterTrial(name: "openrouter", format: .openRouter, model: model)
  }()

  @Test("through chat, pictures are asked for as a modality")
  func chat() async throws {
    var request = ImageRequest(prompt: "a fox")
    request.size = ImageSize("1792x1024")
    request.quality = "ultra"
    request.seed = 7
    request.user = "u1"
    request.outputFormat = "webp"
    let outcome = try await Self.chat.run(request)
    let sent = try #require(outcome.requests.first)
    #expect(sent.method == "POST")
    #expect(sent.path == "/openrouter/chat/completions")
    #expect(sent.authorization == "Bearer test-key")
    #expect(sent.header("content-type") == "application/json")
    #expect(
      String(decoding: sent.body, as: UTF8.self)
        == #"{"model":"google/gemini-2.5-flash-image","#
        + #""messages":[{"role":"user","content":"a fox"}],"modalities":["image","text"],"#
        + #""image_config":{"aspect_ratio":"16:9","image_size":"4K"},"seed":7,"user":"u1"}"#)
    let answer = try #require(outcome.answer)
    #expect(answer.pictures.map(\.format) == [.png])
    #expect(answer.cost == 0.039)
    #expect(
      answer.usage.map { String(decoding: $0, as: UTF8.self) }
        == #"{"input_tokens":10,"output_tokens":1290,"total_tokens":1300,"#
        + #""input_tokens_details":{"text_tokens":10,"image_tokens":0}}"#)
    #expect(answer.adjusted.map { $0.prefix { $0 != ":" } } == ["size", "output_format"])
    #expect(outcome.accepted == 1)
  }

  @Test(
    "the words for quality become resolutions",
    arguments: [
      ("low", "1K", 0), ("standard", "1K", 0), ("medium", "2K", 0), ("hd", "2K", 0),
      ("4K", "4K", 0), ("auto", nil, 0), ("splendid", nil, 1),
    ] as [(String, String?, Int)])
  func quality(word: String, size: String?, notes: Int) throws {
    var request = ImageRequest(prompt: "a fox")
    request.quality = word
    let encoded = OpenRouterEncoder(
      ImageJob(request: request, model: Self.chat.model, count: 1, idempotencyKey: "k"))
    let body = try JSONSlice.parse(encoded.body)
    #expect(body["image_config"]?["image_size"]?.string == size)
    #expect(encoded.adjusted.count == notes)
  }

  @Test("models that make pictures alone are asked for no text")
  func modalities() throws {
    var model = Self.chat.model
    model.options["modalities"] = "image"
    let encoded = OpenRouterEncoder(
      ImageJob(
        request: ImageRequest(prompt: "a fox"), model: model, count: 1, idempotencyKey: "k"))
    let body = try JSONSlice.parse(encoded.body)
    #expect(body["modalities"]?.elements.compactMap(\.string) == ["image"])
    #expect(body["image_config"] == nil)
  }

  @Test("the images API is asked in its own words")
  func images() async throws {
    var request = ImageRequest(prompt: "a fox")
    request.size = ImageSize("1792x1024")
    request.quality = "hd"
    request.background = "transparent"
    request.outputFormat = "webp"
    request.outputCompression = 80
    request.seed = 7
    let outcome = try await Self.images.run(request, count: 2)
    let sent = try #require(outcome.requests.first)
    #expect(sent.path == "/openrouter/images")
    #expect(
      String(decoding: sent.body, as: UTF8.self)
        == #"{"model":"bytedance-seed/seedream-4.5","prompt":"a fox","n":2,"#
        + #""aspect_ratio":"16:9","resolution":"2K","quality":"high","background":"transparent","#
        + #""output_format":"webp","output_compression":80,"seed":7}"#)
    let answer = try #require(outcome.answer)
    #expect(answer.pictures.map(\.format) == [.png, .png])
    #expect(answer.cost == 0.08)
    #expect(answer.adjusted.map { $0.prefix { $0 != ":" } } == ["size"])
    #expect(outcome.accepted == 1)
  }

  @Test("pixels are named where the model knows them")
  func pixels() async throws {
    var trial = Self.images
    trial.model.sizes = .free(FreeSizes(step: 16, sides: 64...2048))
    var request = ImageRequest(prompt: "a fox")
    request.size = ImageSize("128x64")
    let outcome = try await trial.run(request)
    #expect(try outcome.json()["size"]?.string == "128x64")
    #expect(outcome.answer?.pictures.first?.size == ImageSize("128x64"))
    #expect(outcome.answer?.adjusted == [])
  }

  @Test("an edit carries its pictures", arguments: [true, false])
  func edit(throughChat: Bool) async throws {
    var request = ImageRequest(prompt: "make it blue")
    request.operation = .edit
    request.images = [try WireFixture.picture(), try WireFixture.picture()]
    request.mask = try WireFixture.picture()
    let outcome = try await (throughChat ? Self.chat : Self.images).run(request)
    let body = try outcome.json()
    let message = body["messages"]?.elements.first { _ in true }
    let parts = Array(
      try #require(throughChat ? message?["content"] : body["input_references"]).elements)
    #expect(
      parts.map { $0["type"]?.string } == (throughChat ? ["text"] : [])
        + ["image_url", "image_url"])
    #expect(parts.last?["image_url"]?["url"]?.string?.hasPrefix("data:image/png;base64,") == true)
    #expect(outcome.answer?.pictures.count == 1)
    #expect(outcome.answer?.adjusted.map { $0.prefix { $0 != ":" } } == ["mask"])
  }

  @Test(
    "failures are sorted into classes",
    arguments: FaultCase.common + [
      FaultCase(403, #"{"error":{"code":403,"message":"key lacks rights"}}"#, .badKey),
      FaultCase(
        403,
        #"{"error":{"code":403,"message":"flagged","metadata":{"reasons":["violence"]}}}"#,
        .refused),
      FaultCase(
        400,
        #"{"error":{"code":400,"message":"x","metadata":{"raw":"{\"code\":\"moderation_blocked\"}"}}}"#,
        .refused),
      FaultCase(402, #"{"error":{"code":402,"message":"Insufficient credits"}}"#, .outOfCredit),
      FaultCase(408, #"{"error":{"code":408,"message":"timed out"}}"#, .timedOut, paid: true),
      FaultCase(502, #"{"error":{"code":502,"message":"model is down"}}"#, .overloaded),
      FaultCase(502, "<html>", .overloaded, paid: true),
      FaultCase(200, #"{"error":{"code":429,"message":"slow"}}"#, .rateLimited, paid: true),
      FaultCase(
        200, #"{"choices":[{"error":{"code":502,"message":"x"},"message":{}}]}"#, .overloaded,
        paid: true),
      FaultCase(200, #"{"choices":[]}"#, .malformed, paid: true),
      FaultCase(
        200, #"{"choices":[{"message":{"content":"What should I draw?"}}]}"#, .malformed,
        paid: true),
      FaultCase(
        200, #"{"choices":[{"message":{"refusal":"I will not draw that."}}]}"#, .refused,
        paid: true),
      FaultCase(
        200, #"{"choices":[{"native_finish_reason":"PROHIBITED_CONTENT","message":{}}]}"#,
        .refused, paid: true),
      FaultCase(
        200,
        #"{"choices":[{"message":{"images":[{"image_url":{"url":"data:image/png;base64,%%"}}]}}]}"#,
        .malformed, paid: true),
      FaultCase(200, #"{"data":[]}"#, .malformed, paid: true),
    ])
  func failures(fault: FaultCase) async throws { try await fault.check(Self.chat) }

  @Test("a picture at a URL is left to be fetched")
  func url() async throws {
    let body = #"{"choices":[{"message":{"images":[{"image_url":{"url":"https://a.b/c.png"}}]}}]}"#
    let answer = try ProviderAnswerTests.answer(200, [], Array(body.utf8))
    let decoded = try await AdapterHarness.withLink {
      try OpenRouterDecoder.decode(answer, over: $0.value)
    }
    guard case .url(let url)? = decoded.pictures.first?.source else {
      Issue.record("no URL")
      return
    }
    #expect(url == "https://a.b/c.png")
    #expect(decoded.cost == nil)
  }

  @Test(
    "the provider's own refusals are told apart",
    arguments: [
      ("something forbidden", "test-key", .refused, 0), ("to be withheld", "test-key", .refused, 1),
      ("a fox", "bad-key", .badKey, 0),
    ] as [(String, String, ImageFailure.Kind, Int)])
  func refusals(
    prompt: String, key: String, kind: ImageFailure.Kind, accepted: Int
  ) async throws {
    let outcome = try await Self.chat.run(ImageRequest(prompt: prompt), key: key)
    #expect(outcome.failure?.kind == kind)
    #expect(outcome.accepted == accepted)
    #expect(outcome.failure?.mayHaveBeenPaid == (accepted == 1))
  }

  @Test("a model that chat does not have is not found there")
  func imageOnly() async throws {
    var trial = Self.images
    trial.model.options = [:]
    let outcome = try await trial.run(ImageRequest(prompt: "a fox"))
    #expect(outcome.failure?.kind == .notFound)
  }

  @Test("keys are checked and models listed at no cost")
  func models() async throws {
    #expect(
      try await Self.chat.models() == [
        "google/gemini-2.5-flash-image", "bytedance-seed/seedream-4.5",
      ])
    let failure = await #expect(throws: ImageFailure.self) {
      _ = try await Self.chat.models(key: "bad-key")
    }
    #expect(failure?.kind == .badKey)
  }
}
