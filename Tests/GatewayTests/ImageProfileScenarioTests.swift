import EventLoop
import Foundation
import Simulator
import TestSupport
import Testing

@Suite(
  "Image profiles by the stock OpenAI SDK against the built program",
  .bounded, .timeLimit(.minutes(10)))
struct ImageProfileScenarioTests {
  private static let profiles = """
    images:
      profiles:
        pair: {model: ultra, providers: [gemini, stability]}
        exact:
          model: openai/gpt-image-1
          quality: low
          output_format: jpeg
          sizes: [1536x1024, 1024x1024]
          styles: [vivid]
          max_count: 2
          max_cost: 0.05
        cheap: {max_cost: 0.02}
        fast: {model: fast}
        stubborn: {model: ultra, providers: [openai, stability], sizes: [1024x1024], on_refusal: next}
        vary: {model: ultra, sizes: [256x256, 512x512], max_count: 2, max_cost: 0.02}
    """

  @Test(
    "scenario",
    arguments: ["api", "limits", "providers", "refusal", "tool", "confirm", "unknown", "variation"])
  func scenario(name: String) async throws { try await run(name) }

  @Test("a default profile is that of requests that name neither one nor a model")
  func standard() async throws { try await run("default", "\n  default_profile: exact") }

  private func run(_ scenario: String, _ more: String = "") async throws {
    let group = EventLoopGroup(count: 1)
    let simulator = try await SimulatorServer.start(group: group)
    let files = try CatalogFiles(simulator, configuration: Self.profiles + more)
    defer { files.remove() }
    let program = try EaselProcess(arguments: files.arguments, environment: files.environment)
    defer { program.kill() }
    let (status, output) = try await ClientScript.run(
      "profiles.py", [try await program.url(), "http://127.0.0.1:\(simulator.port)", scenario])
    #expect(status == 0, "\(output)\n--- easel's log:\n\(program.log)")
    let (exit, log) = try await program.terminate()
    #expect(exit == 0, "\(log)")
    #expect(!log.contains("canary") && !output.contains("canary"))
    await simulator.stop()
    await group.shutdown()
  }

  @Test("check refuses what no model can serve, and says which profiles there are")
  func check() async throws {
    let group = EventLoopGroup(count: 1)
    let simulator = try await SimulatorServer.start(group: group)
    for (more, status, says) in [
      ("", 0, "image profiles: pair, exact, cheap, fast, stubborn, vary\n"),
      ("\n  default_profile: fats", 78, "images.default_profile: 'fats' is no profile"),
      (
        "\n    none: {providers: [nobody]}", 78,
        "images.profiles.none.providers: 'nobody' (entry 1)"
      ),
    ] as [(String, Int32, String)] {
      let files = try CatalogFiles(simulator, configuration: Self.profiles + more)
      defer { files.remove() }
      let (exit, output, log) = try await ChildProcess.run(
        EaselProcess.program, ["check"] + files.arguments.dropFirst(),
        environment: files.environment)
      #expect(exit == status && (output + log).contains(says), "\(output)\(log)")
    }
    await simulator.stop()
    await group.shutdown()
  }
}
