import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Azure OpenAI", .bounded, .timeLimit(.minutes(10)))
struct AzureTests {
  private static func provider(
    _ simulator: SimulatorServer, _ deployment: String = "pictures", key: String? = "test-key",
    dialect: ImageDialect = .gptImage
  ) throws -> ImageProvider {
    var model = ImageModel(id: "gpt-image-1", provider: "azure", dialect: dialect)
    model.wireID = deployment
    return try AdapterHarness.provider(
      "azure", .azureOpenAI, model, at: simulator.url("azure"), key: key)
  }

  @Test("a generation names the deployment in the path and the key in api-key")
  func generation() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.size = ImageSize("1024x1536")
      request.quality = "low"
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator), request, count: 2, client.value
      ).get()
      #expect(AdapterProbe.sizes(answer) == ["1024x1536", "1024x1536"])
      let sent = try #require(simulator.requests.first)
      #expect(sent.method == "POST")
      #expect(
        sent.path
          == "/azure/openai/deployments/pictures/images/generations?api-version=2025-04-01-preview")
      #expect(sent.header("api-key") == "test-key")
      #expect(sent.authorization == nil)
      #expect(
        String(decoding: sent.body, as: UTF8.self)
          == "{\"prompt\":\"a fox\",\"n\":2,\"size\":\"1024x1536\",\"quality\":\"low\"}")
      #expect(simulator.jobs["azure"]?.accepted == 1)
    }
  }

  @Test("an edit goes to the deployment's edits, of the version that is set")
  func edit() async throws {
    let image = try AdapterProbe.picture()
    try await AdapterHarness.withSimulator { simulator, client in
      var provider = try Self.provider(simulator)
      provider.options["apiVersion"] = "2026-01-01"
      var request = ImageRequest(prompt: "a hat")
      request.operation = .edit
      request.images = [image]
      _ = try await AdapterProbe.draw(provider, request, client.value).get()
      #expect(
        simulator.requests.first?.path
          == "/azure/openai/deployments/pictures/images/edits?api-version=2026-01-01")
    }
  }

  static let table: [ProbeCase] = [
    .answer(
      400,
      "{\"error\":{\"code\":\"contentFilter\",\"message\":\"Your task failed as a result of our "
        + "safety system.\"}}", .refused),
    .answer(
      400,
      "{\"error\":{\"code\":\"content_filter\",\"message\":\"The response was filtered due to the "
        + "prompt triggering Azure OpenAI's content management policy.\",\"status\":400,"
        + "\"innererror\":{\"code\":\"ResponsibleAIPolicyViolation\",\"content_filter_result\":"
        + "{\"hate\":{\"filtered\":true,\"severity\":\"medium\"}}}}}", .refused),
    .answer(
      400,
      "{\"error\":{\"code\":\"bad_request\",\"message\":\"no\",\"inner_error\":"
        + "{\"code\":\"ResponsibleAIPolicyViolation\"}}}", .refused),
    .answer(
      400,
      "{\"error\":{\"code\":\"moderation_blocked\",\"message\":\"no\",\"type\":"
        + "\"image_generation_user_error\"}}", .refused),
    .answer(
      200,
      "{\"created\":1,\"data\":[{\"content_filter_results\":{\"sexual\":{\"filtered\":true}}}]}",
      .refused),
    .answer(
      200,
      "{\"created\":1,\"data\":[{\"content_filter_results\":{\"sexual\":{\"filtered\":false}}}]}",
      .malformed),
    .answer(
      429,
      "{\"error\":{\"code\":\"429\",\"message\":\"Requests have exceeded the call rate limit. "
        + "Please retry after 21 seconds.\"}}", .rateLimited, retryAfter: .seconds(21)),
    .answer(
      429, "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"no\"}}", .outOfCredit),
    .answer(403, "{\"error\":{\"code\":\"AccessDenied\",\"message\":\"no\"}}", .badKey),
  ]

  @Test("errors are sorted into classes")
  func failures() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      await AdapterProbe.check(
        ProbeCase.transport + Self.table, route: "azure", simulator, client.value,
        try Self.provider(simulator))
    }
  }

  @Test(
    "a refusal is told in the form of each model",
    arguments: [
      ("pictures", ImageDialect.gptImage, "moderation_blocked"),
      ("my-dall-e-3", .dallE3, "content_policy_violation"),
    ])
  func refusals(deployment: String, dialect: ImageDialect, code: String) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let failure = await AdapterProbe.failure(
        try Self.provider(simulator, deployment, dialect: dialect),
        ImageRequest(prompt: "forbidden"), client.value)
      #expect(failure?.kind == .refused)
      #expect(failure?.code == code)
      #expect(failure?.mayHaveBeenPaid == false)
      #expect(simulator.jobs["azure"] == nil)
    }
  }

  @Test("a wrong key, a missing deployment and a missing key are told apart")
  func wrong() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let request = ImageRequest(prompt: "a fox")
      for (key, deployment, kind) in [
        ("bad-key", "pictures", .badKey), (nil, "pictures", .badKey),
        ("test-key", "missing", .notFound),
      ] as [(String?, String, ImageFailure.Kind)] {
        let failure = await AdapterProbe.failure(
          try Self.provider(simulator, deployment, key: key), request, client.value)
        #expect(failure?.kind == kind)
      }
    }
  }

  @Test("the key is checked by the list of models")
  func keyCheck() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let adapter = OpenAIImagesAdapter(isAzure: true)
      let link = ProviderLink(
        provider: try Self.provider(simulator), client: client.value, imageLimit: 1 << 20)
      #expect(try await adapter.listModels(over: link) == ["gpt-image-1"])
      let wrong = ProviderLink(
        provider: try Self.provider(simulator, key: "bad-key"), client: client.value,
        imageLimit: 1 << 20)
      let failure = await #expect(throws: ImageFailure.self) {
        try await adapter.checkKey(over: wrong)
      }
      #expect(failure?.kind == .badKey)
      #expect(
        simulator.requests.map(\.path).allSatisfy {
          $0 == "/azure/openai/models?api-version=2025-04-01-preview"
        })
    }
  }

  @Test(
    "delays said in words are understood",
    arguments: [
      ("Please retry in 34.430498512s.", .seconds(34.430498512)),
      ("Try again in 120ms", .milliseconds(120)),
      ("Please retry after 21 seconds.", .seconds(21)),
      ("rate limit resets in ~30s.", .seconds(30)),
      ("try again in 2 minutes", .seconds(120)), ("retry after a while", nil), ("", nil),
      ("retry in 99999999999s", nil), ("retry in -1s", nil), ("retry in 5 apples", nil),
    ] as [(String, Duration?)])
  func spokenDelays(text: String, delay: Duration?) {
    #expect(SpokenDelay.find(in: text) == delay)
  }
}
