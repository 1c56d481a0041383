import Foundation
import Simulator
import Synchronization
import Testing

/// The built `easel`, running.
final class EaselProcess: @unchecked Sendable {
  // Foundation's Process is used by one test at a time; what its handlers write is behind a mutex.
  private let process = Process()
  private let output = Mutex((out: "", log: ""))
  private let folder: URL

  init(arguments: [String], environment: [String: String]) throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("easel-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    process.executableURL = Self.program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = environment
    let out = Pipe()
    let log = Pipe()
    process.standardOutput = out
    process.standardError = log
    out.fileHandleForReading.readabilityHandler = { [self] handle in
      let text = String(decoding: handle.availableData, as: UTF8.self)
      output.withLock { $0.out += text }
    }
    log.fileHandleForReading.readabilityHandler = { [self] handle in
      let text = String(decoding: handle.availableData, as: UTF8.self)
      output.withLock { $0.log += text }
    }
    try process.run()
  }

  /// The program beside the test bundle.
  static var program: URL {
    Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent("easel")
  }

  /// A gateway in front of a simulator, at a port of the system's choice.
  static func serve(upstream: SimulatorServer, configuration extra: String = "") throws
    -> EaselProcess
  {
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
      \(extra)
      """
    try Data(yaml.utf8).write(to: file)
    return try EaselProcess(
      arguments: ["serve", "--config", file.path], environment: ["UPSTREAM_KEY": "sk-upstream"])
  }

  var log: String { output.withLock { $0.log } }
  var processIdentifier: Int32 { process.processIdentifier }

  /// Waits for the line that tells where it listens.
  func url() async throws -> String {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
      let out = output.withLock { $0.out }
      if let line = out.split(separator: "\n").first(where: { $0.hasPrefix("listening on ") }) {
        return String(line.dropFirst("listening on ".count))
      }
      guard process.isRunning else { break }
      await Task.yield()
    }
    throw ProcessError("easel does not listen: \(log)")
  }

  /// Sends SIGTERM and waits for the end.
  func terminate() async -> (status: Int32, log: String) {
    process.terminate()
    return await waitForExit()
  }

  func waitForExit() async -> (status: Int32, log: String) {
    await withCheckedContinuation { done in
      DispatchQueue.global().async { [self] in
        process.waitUntilExit()
        done.resume(returning: (process.terminationStatus, log))
      }
    }
  }

  func kill() {
    if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(at: folder)
  }
}

struct ProcessError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// The Python environment that `config/setup test` makes.
enum Python {
  static func interpreter() throws -> URL {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let python = root.appendingPathComponent(".venv/bin/python3")
    guard FileManager.default.isExecutableFile(atPath: python.path) else {
      throw ProcessError("There is no .venv with the test clients. Run: config/setup test")
    }
    return python
  }
}
