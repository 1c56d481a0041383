import EventLoop
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("xAI", .bounded, .timeLimit(.minutes(10)))
struct XAITests {
  private static func provider(
    _ simulator: SimulatorServer, key: String? = "test-key",
    capabilities: Set<ImageCapability>? = nil
  ) throws -> ImageProvider {
    let model = ImageModel(
      id: "grok-imagine-image", provider: "xai", dialect: .xai, capabilities: capabilities)
    return try AdapterHarness.provider(
      "xai", .xai, model, at: simulator.url("xai") + "/v1", key: key)
  }

  @Test("a generation asks for a shape, and its price is the one that was billed")
  func generation() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.size = ImageSize("1792x1024")
      request.quality = "medium"
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator, capabilities: [.quality]), request, count: 2, client.value
      ).get()
      #expect(AdapterProbe.bytes(answer).count == 2)
      #expect(answer.cost == 0.04)
      #expect(answer.adjusted == ["size: aspect ratio 16:9 in place of 1792x1024"])
      let sent = try #require(simulator.requests.first)
      #expect(sent.method == "POST" && sent.path == "/xai/v1/images/generations")
      #expect(sent.authorization == "Bearer test-key")
      #expect(
        String(decoding: sent.body, as: UTF8.self)
          == #"{"model":"grok-imagine-image","prompt":"a fox","n":2,"aspect_ratio":"16:9","#
          + #""quality":"medium","response_format":"b64_json"}"#)
      #expect(simulator.jobs["xai"]?.accepted == 1)
    }
  }

  @Test(
    "an edit is JSON, with up to three pictures; what is left out is told",
    arguments: [(1, "image", nil), (3, "images", nil), (5, "images", "image: ")]
      as [(Int, String, String?)])
  func edit(count: Int, field: String, note: String?) async throws {
    let images = try (0..<count).map { try AdapterProbe.picture(64, 32 + $0) }
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a hat")
      request.operation = .edit
      request.images = images
      request.mask = images[0]
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator), request, client.value
      ).get()
      #expect(AdapterProbe.bytes(answer).count == 1)
      let billed = try #require(answer.cost)
      #expect(abs(billed - Double(1 + min(count, 3)) * 0.02) < 1e-9)
      let notes = answer.adjusted.filter { !$0.hasPrefix("mask: ") }
      #expect(answer.adjusted.count - notes.count == 1, "xAI has no masks")
      #expect(notes.map { String($0.prefix(7)) } == [note].compactMap(\.self))
      let sent = try #require(simulator.requests.first)
      #expect(sent.path == "/xai/v1/images/edits")
      #expect(sent.header("content-type") == "application/json")
      let body = try JSONSlice.parse(sent.body)
      #expect(body["prompt"]?.string == "a hat" && body["size"] == nil)
      let value = try #require(body[field])
      let entries = field == "image" ? [value] : Array(value.elements)
      let bytes = entries.map { $0["url"]?.stringBytes.flatMap { Base64.decode($0[...]) } }
      #expect(bytes == images.prefix(3).map(\.bytes))
      #expect(entries.allSatisfy { $0["type"]?.isString("image_url") == true })
    }
  }

  @Test("an answer is read as it was written down")
  func recorded() async throws {
    let answer = try await AdapterHarness.withLink { link in
      try OpenAIImagesDecoder.decode(
        try RecordedAnswer.named("xai/success-revised-prompt"), over: link.value)
    }
    #expect(answer.pictures.map(\.revisedPrompt) == ["A revised prompt"])
  }

  /// An error as xAI writes it.
  private static func error(_ text: String, code: String = "The code") -> String {
    "{\"code\":\"\(code)\",\"error\":\"\(text)\"}"
  }

  static let table: [ProbeCase] = [
    .answer(400, error("Incorrect API key provided: sk***gA. You can obtain one."), .badKey),
    .answer(400, error("Invalid API key."), .badKey),
    .answer(200, error("Incorrect API key provided: sk***gA."), .badKey, paid: true),
    .answer(400, error("Generated image rejected by content moderation."), .refused),
    .answer(400, error("The prompt is against our content policy."), .refused),
    .answer(400, error("Rejected by moderation"), .refused),
    .answer(403, error("Content violates usage guidelines."), .refused),
    .answer(403, error("Your team has no credits yet."), .outOfCredit),
    .answer(429, error("Your team has used all available credits."), .outOfCredit),
    .answer(403, error("Forbidden."), .badKey),
    .answer(400, error("Argument not supported: size"), .badRequest),
    .answer(400, error("Argument not supported: moderation"), .badRequest),
    .answer(404, error("The model does not exist."), .notFound),
    .answer(429, error("Too many requests for content moderation."), .rateLimited),
    .answer(500, error("Incorrect API key cache"), .overloaded),
    .answer(503, error("The service is at capacity."), .overloaded),
    .answer(200, #"{"data":[{"url":"","respect_moderation":false}]}"#, .refused),
    .answer(200, #"{"data":[{"respect_moderation":false},{}]}"#, .refused),
    .answer(200, #"{"data":[{"respect_moderation":true}]}"#, .malformed),
  ]

  @Test("errors are sorted into classes")
  func failures() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      await AdapterProbe.check(
        ProbeCase.transport + Self.table, route: "xai", simulator, client.value,
        try Self.provider(simulator))
    }
  }

  @Test("a picture that is held back takes no other one with it")
  func heldBack() async throws {
    let picture = try Self.encoded(AdapterProbe.picture().bytes)
    let body =
      "{\"data\":[{\"url\":\"https://x.ai/none\",\"respect_moderation\":false},"
      + "{\"b64_json\":\"\(picture)\",\"respect_moderation\":true}]}"
    let answer = try ProviderAnswerTests.answer(200, [], Array(body.utf8))
    let read = try await AdapterHarness.withLink { link in
      try OpenAIImagesDecoder.decode(answer, over: link.value)
    }
    #expect(AdapterProbe.sizes(read) == ["64x64"])
  }

  private static func encoded(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    Base64.append(bytes, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  @Test("a refused key is told as that; nothing of it is shown, and another provider may draw")
  func badKey() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let failure = await AdapterProbe.failure(
        try Self.provider(simulator, key: "bad-key"), ImageRequest(prompt: "a fox"), client.value)
      #expect(failure?.kind == .badKey)
      #expect(failure?.isProviders == true)
      #expect(failure?.message == "xai refused the gateway's key.")
      #expect(failure?.mayHaveBeenPaid == false)
      #expect(simulator.jobs["xai"] == nil)
    }
  }

  @Test(
    "a refusal is told as that, before the picture is made and after",
    arguments: [
      "a forbidden fox", "a naked fox",
    ])
  func refusal(prompt: String) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let failure = await AdapterProbe.failure(
        try Self.provider(simulator), ImageRequest(prompt: prompt), client.value)
      #expect(failure?.kind == .refused)
      #expect(failure?.openAIError.code == "content_policy_violation")
      #expect(failure?.mayHaveBeenPaid == false)
    }
  }

  @Test("the key is checked by the list of models")
  func keyCheck() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let adapter = AdapterDirectory.adapter(for: .xai)
      func link(_ key: String) throws -> ProviderLink {
        ProviderLink(
          provider: try Self.provider(simulator, key: key), client: client.value,
          imageLimit: 1 << 20)
      }
      #expect(try await adapter.listModels(over: link("test-key")) == ["grok-imagine-image"])
      let wrong = try link("bad-key")
      let failure = await #expect(throws: ImageFailure.self) {
        try await adapter.checkKey(over: wrong)
      }
      #expect(failure?.kind == .badKey)
    }
  }
}
