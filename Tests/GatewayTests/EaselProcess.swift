import Foundation
import Simulator
import TestSupport

/// The built `easel`, running.
final class EaselProcess: Sendable {
  private let process: ChildProcess

  init(arguments: [String], environment: [String: String]) throws {
    process = try ChildProcess(Self.program, arguments, environment: environment)
  }

  /// The program beside the test bundle.
  static var program: String {
    Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent("easel").path
  }

  /// A gateway in front of a simulator, at a port of the system's choice.
  /// - Parameter breakers: whether it has circuit breakers: most tests want the same answer however
  ///   many failures came before.
  static func serve(
    upstream: SimulatorServer, configuration extra: String = "", images: String = "",
    breakers: Bool = false
  ) throws -> EaselProcess {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("easel-\(UUID().uuidString).yaml")
    let yaml = """
      listen: 127.0.0.1:0
      upstreams:
        - name: simulated
          base_url: \(upstream.baseURL)
          api_key_env: UPSTREAM_KEY
          models: "*"
      images:
        providers:
          - name: simulated
            base_url: \(upstream.baseURL)
            models:
              - {id: gpt-image-1, tier: ultra, priority: 1, max_count: 4, price: 0.04}
              - {id: dall-e-3, tier: high, priority: 2}
        \(images)
      \(extra)
      """
    try Data(yaml.utf8).write(to: file)
    return try EaselProcess(
      arguments: ["serve", "--config", file.path],
      environment: [
        "UPSTREAM_KEY": "sk-upstream", "CIRCUIT_BREAKER_ENABLED": "\(breakers)",
      ])
  }

  var log: String { process.log }
  var processIdentifier: Int32 { process.processIdentifier }

  /// Waits for the line that tells where it listens.
  func url() async throws -> String {
    let start = "listening on "
    var url: String?
    try await eventually("easel listens") {
      guard process.isRunning else { throw TestError("easel does not listen: \(log)") }
      // The line counts once it is whole.
      let lines = process.output.split(separator: "\n", omittingEmptySubsequences: false)
      url = lines.dropLast().first { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
      return url != nil
    }
    guard let url else { throw TestError("easel does not listen: \(log)") }
    return url
  }

  /// Sends a signal.
  func send(_ signal: Int32) { process.send(signal) }

  /// Sends SIGTERM and waits for the end.
  func terminate() async throws -> (status: Int32, log: String) {
    process.send(SIGTERM)
    return try await waitForExit()
  }

  func waitForExit() async throws -> (status: Int32, log: String) {
    (try await process.waitForExit(), log)
  }

  func kill() { process.kill() }
}

/// A script of `Clients`, run by the Python environment that `config/setup test` makes.
enum ClientScript {
  /// - Returns: its exit status, and what it wrote to both of its outputs.
  static func run(_ name: String, _ arguments: [String]) async throws -> (Int32, String) {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Clients/\(name)").path
    let (status, output, log) = try await ChildProcess.run(
      try PythonEnvironment.interpreter(having: "openai"), [script] + arguments,
      environment: PythonEnvironment.variables)
    return (status, output + log)
  }
}
