import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Gemini", .bounded, .timeLimit(.minutes(10)))
struct GeminiTests {
  static let ratios = ["1:1", "3:2", "2:3", "16:9", "9:16"].compactMap(AspectRatio.init(_:))

  static func provider(
    _ simulator: SimulatorServer, _ wireID: String = "gemini-2.5-flash-image",
    key: String? = "test-key", tier: QualityTier = .high,
    capabilities: Set<ImageCapability> = [.edit, .multipleInputs, .seed]
  ) throws -> ImageProvider {
    var model = ImageModel(
      id: "nano-banana", provider: "gemini", tier: tier, sizes: .ratios(ratios), maxCount: 1,
      pricing: Pricing(.unknown, perMillionTokens: prices), capabilities: capabilities)
    model.wireID = wireID
    return try AdapterHarness.provider(
      "gemini", .gemini, model, at: simulator.url("gemini/v1beta"), key: key)
  }

  static let prices = TokenPrices(
    text: 0.30, imageInput: 0.30, imageOutput: 30, textOutput: 2.50)

  // MARK: Requests

  @Test("a generation is what the documentation asks for")
  func generation() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a \"fox\"")
      request.negativePrompt = "rain"
      request.size = ImageSize("1792x1024")
      request.seed = 7
      request.style = "vivid"
      let provider = try Self.provider(simulator)
      let answer = try await AdapterProbe.draw(provider, request, client.value).get()
      #expect(AdapterProbe.sizes(answer) == ["1360x768"])
      #expect(
        answer.adjusted == [
          "negative_prompt: put into the prompt", "size: aspect ratio 16:9 in place of 1792x1024",
          "style: nano-banana has no such parameter",
        ])
      let sent = try #require(simulator.requests.first)
      #expect(sent.method == "POST")
      #expect(sent.path == "/gemini/v1beta/models/gemini-2.5-flash-image:generateContent")
      #expect(sent.header("x-goog-api-key") == "test-key")
      #expect(sent.authorization == nil)
      #expect(sent.header("content-type") == "application/json")
      #expect(
        String(decoding: sent.body, as: UTF8.self)
          == #"{"contents":[{"role":"user","parts":[{"text":"a \"fox\"\nAvoid: rain"}]}],"#
          + #""generationConfig":{"responseModalities":["TEXT","IMAGE"],"#
          + #""imageConfig":{"aspectRatio":"16:9"},"seed":7}}"#)
      #expect(simulator.jobs["gemini"]?.accepted == 1)
      let usage = try #require(answer.usage)
      #expect(
        String(decoding: usage, as: UTF8.self)
          == #"{"input_tokens":9,"output_tokens":1290,"total_tokens":1299,"#
          + #""input_tokens_details":{"text_tokens":9,"image_tokens":0},"#
          + #""output_tokens_details":{"text_tokens":0,"image_tokens":1290}}"#)
      let cost = try #require(Self.prices.cost(ofUsage: usage))
      #expect(abs(cost - (9 * 0.30 + 1290 * 30) / 1_000_000) < 1e-9)
    }
  }

  @Test(
    "words and thoughts beside a picture are billed at their own price",
    arguments: [
      (
        #""candidatesTokenCount":1340,"thoughtsTokenCount":200,"candidatesTokensDetails":["#
          + #"{"modality":"TEXT","tokenCount":50},{"modality":"IMAGE","tokenCount":1290}]"#,
        1290, 250
      ),
      // Words that the details leave out.
      (
        #""candidatesTokenCount":1340,"candidatesTokensDetails":["#
          + #"{"modality":"IMAGE","tokenCount":1290}]"#, 1290, 50
      ),
      // Without details all that was answered is the picture, and the thoughts are none of it.
      (#""candidatesTokenCount":1290,"thoughtsTokenCount":200"#, 1290, 200),
      (#""candidatesTokenCount":1290"#, 1290, 0),
    ] as [(String, Double, Double)])
  func words(counts: String, pictures: Double, words: Double) async throws {
    let body =
      #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","#
      + #""data":"aGVsbG8="}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"#
      + counts + "}}"
    let answer = try ProviderAnswerTests.answer(200, [], Array(body.utf8))
    let usage = try await AdapterHarness.withLink { link in
      try GeminiDecoder.decode(answer, over: link.value).usage
    }
    let billed = try #require(usage)
    let cost = try #require(Self.prices.cost(ofUsage: billed))
    #expect(abs(cost - (9 * 0.30 + pictures * 30 + words * 2.50) / 1_000_000) < 1e-12)
  }

  @Test("an edit shows the pictures behind the prompt, and says that masks are not known")
  func edit() async throws {
    let images = [try AdapterProbe.picture(), try AdapterProbe.picture(32, 32)]
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a hat")
      request.operation = .edit
      request.images = images
      request.mask = images[0]
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator), request, client.value
      ).get()
      #expect(answer.adjusted == ["mask: nano-banana has no such parameter"])
      let parts = try JSONSlice.parse(try #require(simulator.requests.first).body)["contents"]?[0]?[
        "parts"]
      #expect(parts?[0]?["text"]?.string == "a hat")
      for (index, image) in images.enumerated() {
        let inline = parts?[index + 1]?["inlineData"]
        #expect(inline?["mimeType"]?.string == "image/png")
        #expect(inline?["data"]?.stringBytes.flatMap { Base64.decode($0[...]) } == image.bytes)
      }
      let usage = try JSONSlice.parse(try #require(answer.usage))
      #expect(usage["input_tokens_details"]?["image_tokens"]?.int == 516)
    }
  }

  @Test(
    "words for quality choose the resolution, within the tier",
    arguments: [
      (QualityTier.ultra, "hd", "4K", false), (.ultra, "medium", "2K", false),
      (.high, "ultra", "2K", true), (.fast, "high", "1K", true), (.standard, "low", "1K", false),
      (.ultra, "auto", "1K", false),
    ])
  func resolution(tier: QualityTier, word: String, size: String, noted: Bool) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.quality = word
      var fault = SimulatorFault()
      fault.status = 200
      fault.body = Self.candidate(
        "STOP", #"{"inlineData":{"mimeType":"image/png","data":"aGVsbG8="}}"#)
      simulator.queue(fault, route: "gemini")
      let provider = try Self.provider(
        simulator, "gemini-3-pro-image", tier: tier, capabilities: [.quality])
      let answer = try await AdapterProbe.draw(provider, request, client.value).get()
      #expect(answer.adjusted.contains { $0.hasPrefix("quality: \(size) in place of") } == noted)
      let body = try JSONSlice.parse(try #require(simulator.requests.first).body)
      #expect(
        body["generationConfig"]?["imageConfig"]?["imageSize"]?.string == size, "\(tier) \(word)")
    }
  }

  @Test("a fixed resolution is sent, and a variation is not asked for")
  func options() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var provider = try Self.provider(simulator, "gemini-3-pro-image")
      provider.models[0].options["resolution"] = "2K"
      var request = ImageRequest(prompt: "a fox")
      let answer = try await AdapterProbe.draw(provider, request, client.value).get()
      #expect(AdapterProbe.sizes(answer) == ["2048x2048"])
      request.operation = .variation
      #expect(await AdapterProbe.failure(provider, request, client.value)?.kind == .badRequest)
      #expect(simulator.requests.count == 1)
    }
  }

  // MARK: Answers

  @Test(
    "recorded answers are read",
    arguments: [
      ("gemini/native-image", nil),
      ("gemini/recorded-google-vertexai-image-generation-with-output-forma", 1290),
    ] as [(String, Int?)])
  func recorded(name: String, imageTokens: Int?) async throws {
    let recorded = try RecordedAnswer.named(name)
    let answer = try await AdapterHarness.withLink { link in
      try GeminiDecoder.decode(recorded, over: link.value)
    }
    #expect(AdapterProbe.sizes(answer) == ["4x4"])
    let usage = try JSONSlice.parse(try #require(answer.usage))
    #expect(usage["output_tokens"]?.int == imageTokens ?? 100)
    #expect(usage["output_tokens_details"]?["image_tokens"]?.int == imageTokens)
  }

  @Test("drafts among the thoughts are no pictures, and thoughts have no picture's price")
  func thoughts() async throws {
    let picture = #"{"inlineData":{"mimeType":"image/png","data":"aGVsbG8="}}"#
    let answer = try ProviderAnswerTests.answer(
      200, [],
      Array(
        (#"{"candidates":[{"content":{"parts":[{"thought":true,"inlineData":"#
          + #"{"mimeType":"image/png","data":"eA=="}},{"text":"hi"},\#(picture)]}}],"#
          + #""usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":1120,"#
          + #""thoughtsTokenCount":300,"totalTokenCount":1425,"candidatesTokensDetails":"#
          + #"[{"modality":"IMAGE","tokenCount":1120}]}}"#).utf8))
    let result = try await AdapterHarness.withLink { link in
      try GeminiDecoder.decode(answer, over: link.value)
    }
    #expect(AdapterProbe.bytes(result) == [Array("hello".utf8)])
    let usage = try JSONSlice.parse(try #require(result.usage))
    #expect(usage["output_tokens"]?.int == 1420)
    #expect(usage["output_tokens_details"]?["text_tokens"]?.int == 300)
    #expect(usage["output_tokens_details"]?["image_tokens"]?.int == 1120)
  }

  @Test("a refusal that hides in a 200 is a refusal")
  func refusal() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let failure = await AdapterProbe.failure(
        try Self.provider(simulator), ImageRequest(prompt: "something forbidden"), client.value)
      #expect(failure?.kind == .refused)
      #expect(failure?.message.contains("PROHIBITED_CONTENT") == true)
      #expect(failure?.mayHaveBeenPaid == false)
      #expect(simulator.jobs["gemini"] == nil)
    }
  }

  private static func candidate(_ reason: String, _ parts: String = "") -> String {
    #"{"candidates":[{"content":{"parts":[\#(parts)]},"finishReason":"\#(reason)"}]}"#
  }

  static let table: [ProbeCase] =
    [
      "SAFETY", "IMAGE_SAFETY", "PROHIBITED_CONTENT", "IMAGE_PROHIBITED_CONTENT", "BLOCKLIST",
      "SPII", "RECITATION", "IMAGE_RECITATION", "STOP",
    ].map { .answer(200, candidate($0), .refused) }
    + ["OTHER", "IMAGE_OTHER", "NO_IMAGE", "MAX_TOKENS", "LANGUAGE"].map {
      .answer(200, candidate($0), .malformed)
    } + [
      .answer(200, candidate("STOP", #"{"text":"I cannot draw that."}"#), .refused),
      .answer(200, #"{"candidates":[{"finishReason":"IMAGE_SAFETY"}]}"#, .refused),
      .answer(200, #"{"promptFeedback":{"blockReason":"SAFETY"}}"#, .refused),
      .answer(200, #"{"promptFeedback":{"blockReason":"OTHER"},"candidates":[]}"#, .refused),
      .answer(200, "{}", .malformed), .answer(200, #"{"candidates":[]}"#, .malformed),
      .answer(
        200, candidate("STOP", #"{"inlineData":{"mimeType":"image/png","data":"%"}}"#), .malformed),
      .answer(
        200, candidate("STOP", #"{"inlineData":{"mimeType":"audio/wav","data":"eA=="}}"#), .refused),
    ]

  @Test("every other way to fail has its class")
  func failures() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      await AdapterProbe.check(
        ProbeCase.transport + Self.table + GoogleErrorTable.all, route: "gemini", simulator,
        client.value, try Self.provider(simulator))
    }
  }

  @Test(
    "recorded errors have their class",
    arguments: [
      ("gemini-404-model-name-suggestion-google", .notFound),
      ("gemini-400-model-sees-multiple-images-google-vertex", .badRequest),
    ] as [(String, ImageFailure.Kind)])
  func recordedErrors(name: String, kind: ImageFailure.Kind) async throws {
    let recorded = try RecordedAnswer.named("errors-recorded/\(name)")
    let failure = await #expect(throws: ImageFailure.self) {
      _ = try await AdapterHarness.withLink { link in
        try GeminiDecoder.decode(recorded, over: link.value)
      }
    }
    #expect(failure?.kind == kind)
  }

  // MARK: Key

  @Test(
    "a wrong key, a missing key and an unknown model are told apart",
    arguments: [
      ("bad-key", "gemini-2.5-flash-image", .badKey), (nil, "gemini-2.5-flash-image", .badKey),
      ("test-key", "imagen-4.0", .notFound),
    ] as [(String?, String, ImageFailure.Kind)])
  func wrong(key: String?, model: String, kind: ImageFailure.Kind) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let failure = await AdapterProbe.failure(
        try Self.provider(simulator, model, key: key), ImageRequest(prompt: "a fox"), client.value)
      #expect(failure?.kind == kind)
      #expect(failure?.mayHaveBeenPaid == false)
    }
  }

  @Test("the key is checked, and models are listed, at no cost")
  func keyCheck() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      func link(_ key: String) throws -> ProviderLink {
        ProviderLink(
          provider: try Self.provider(simulator, key: key), client: client.value,
          imageLimit: 1 << 20)
      }
      try await GeminiAdapter().checkKey(over: try link("test-key"))
      #expect(
        try await GeminiAdapter().listModels(over: try link("test-key"))
          == ["gemini-2.5-flash-image", "gemini-3-pro-image"])
      let wrong = try link("bad-key")
      let failure = await #expect(throws: ImageFailure.self) {
        try await GeminiAdapter().checkKey(over: wrong)
      }
      #expect(failure?.kind == .badKey)
      #expect(simulator.requests.allSatisfy { $0.method == "GET" })
      #expect(simulator.jobs.isEmpty)
    }
  }
}
