import EventLoop
import Foundation
import Simulator
import TestSupport
import Testing

@Suite(
  "Image routing by the stock OpenAI SDK against the built program",
  .bounded, .timeLimit(.minutes(10)))
struct ImageScenarioTests {
  /// Every simulated provider; one that has two ways of drawing twice.
  static let models = [
    "openai/gpt-image-1", "openai/dall-e-2", "gemini/gemini-3-pro-image",
    "stability/stable-image-ultra", "replicate/landscape", "fal/meadow", "bfl/flux-2-pro",
    "imagen/imagen-4.0-generate-001", "azure/gpt-image-azure", "leonardo/phoenix",
    "openrouter/google/gemini-2.5-flash-image", "fireworks/flux-1-schnell-fp8",
    "fireworks/flux-kontext-pro", "together/black-forest-labs/FLUX.1-schnell",
    "xai/grok-imagine-image", "automatic1111/stable-diffusion", "comfyui/sdxl",
  ]

  @Test("all up: words, tiers and names choose")
  func choice() async throws { try await run("choice") }

  @Test("one down, in every way: the next takes over within the request, and the answer says so")
  func down() async throws {
    try await run("down")
    try await run("hang", first: "openai/gpt-image-1", timeout: 1, everybody: true)
  }

  @Test("a wrong key that a provider calls the user's fault is not told as such")
  func badKey() async throws { try await run("bad_key", first: "xai/grok-imagine-image") }

  @Test("all down: one error names each and why")
  func allDown() async throws { try await run("all_down") }

  @Test(
    "a refusal is not shopped around",
    arguments: models.filter { !$0.hasPrefix("automatic1111/") && !$0.hasPrefix("comfyui/") })
  func refused(model: String) async throws { try await run("refused", first: model) }

  @Test("no fault has a picture paid for twice", arguments: models)
  func paid(model: String) async throws { try await run("paid", first: model) }

  @Test("nor does a provider that hangs", arguments: models)
  func paidHang(model: String) async throws { try await run("paid_hang", first: model, timeout: 1) }

  @Test(
    "a client that leaves has its job cancelled",
    arguments: ["replicate/landscape", "fal/meadow", "comfyui/sdxl"])
  func leave(model: String) async throws { try await run("leave", first: model) }

  @Test(
    "the SDK's repetition gets what the first try paid for",
    arguments: [
      "openai/gpt-image-1", "stability/stable-image-ultra", "bfl/flux-2-pro", "leonardo/phoenix",
      "fireworks/flux-kontext-pro", "replicate/landscape",
    ])
  func retry(model: String) async throws { try await run("retry", first: model) }

  @Test(
    "a key is one picture", arguments: ["openai/dall-e-2", "replicate/landscape"])
  func idempotent(model: String) async throws { try await run("idempotent", first: model) }

  @Test("unfinished pictures reach the SDK, from a model that shows them")
  func partials() async throws { try await run("partials", first: "openai/gpt-image-1") }

  @Test("a client that leaves takes nothing from those that wait for the same picture")
  func abandoned() async throws { try await run("abandoned", first: "replicate/landscape") }

  @Test("what is kept beside a picture is what was asked for, by whom it was drawn, for how much")
  func metadata() async throws {
    try await run("metadata", first: "gemini/gemini-3-pro-image", everybody: true)
  }

  @Test("of pictures that are made when a client leaves, none is made twice")
  func rest() async throws { try await run("rest", first: "replicate/landscape") }

  // MARK: Running

  /// Starts a simulator and the program with the catalog, runs the script, and ends both.
  /// - Parameters:
  ///   - first: `provider/model`, which is asked first; then its provider and three spare ones are
  ///     the only ones. The script gets it as an argument.
  ///   - timeout: of the first provider, in seconds.
  ///   - everybody: has all providers there nevertheless.
  private func run(
    _ scenario: String, first: String? = nil, timeout: Int? = nil, everybody: Bool = false
  ) async throws {
    let group = EventLoopGroup(count: 1)
    let simulator = try await SimulatorServer.start(group: group)
    let provider = first.flatMap { $0.split(separator: "/").first }.map(String.init)
    let few = provider.map { Set([$0, "together", "leonardo", "automatic1111"]) }
    let files = try CatalogFiles(
      simulator, providers: everybody ? nil : few, first: first, timeout: timeout)
    defer { files.remove() }
    let program = try EaselProcess(arguments: files.arguments, environment: files.environment)
    defer { program.kill() }
    let (status, output) = try await ClientScript.run(
      "images.py",
      [
        try await program.url(), "http://127.0.0.1:\(simulator.port)", scenario, first ?? "",
        "\(program.processIdentifier)",
      ])
    #expect(status == 0, "\(output)\n--- easel's log:\n\(program.log)")
    let (exit, log) = try await program.terminate()
    #expect(exit == 0, "\(log)")
    #expect(!log.contains("canary") && !output.contains("canary"))
    await simulator.stop()
    await group.shutdown()
  }
}
