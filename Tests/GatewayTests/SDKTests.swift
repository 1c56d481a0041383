import EventLoop
import Foundation
import Simulator
import TestSupport
import Testing

@Suite("The stock OpenAI SDK against the built program", .bounded, .timeLimit(.minutes(10)))
struct SDKTests {
  static let scenarios = [
    "plain", "picture", "outputs", "client_tools", "mixed_tools", "images", "fallback", "errors",
    "splits", "cancellation", "relay", "confirm", "edits", "rounds", "malformed", "edit",
    "edit_inputs", "edit_errors", "edit_turns", "keys", "unstreamed",
  ]

  @Test("scenario", arguments: scenarios)
  func scenario(name: String) async throws {
    let group = EventLoopGroup(count: 1)
    let simulator = try await SimulatorServer.start(group: group)
    let program = try EaselProcess.serve(
      upstream: simulator,
      // How errors are told is seen only where nobody tries again.
      configuration: name == "errors" ? "retries: {attempts: 1}" : "")
    defer { program.kill() }
    let url = try await program.url()
    let (status, output) = try await ClientScript.run(
      "sdk.py", [url, "http://127.0.0.1:\(simulator.port)", name])
    #expect(status == 0, "\(output)\n--- easel's log:\n\(program.log)")
    let (exit, log) = try await program.terminate()
    #expect(exit == 0, "\(log)")
    #expect(!log.contains("canary") && !log.contains("sk-upstream"))
    await simulator.stop()
    await group.shutdown()
  }
}
