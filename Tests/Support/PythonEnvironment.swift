import Foundation

/// The Python environment that `config/setup test` makes.
package enum PythonEnvironment {
  /// Without proxies, and without the credentials and settings of whoever runs the tests.
  package static let variables = [
    "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8",
  ]

  /// The path of its interpreter.
  /// - Parameter module: one that has to be there, with others.
  /// - Throws: `TestError` that says what to run, where it is not there.
  package static func interpreter(having module: String) throws -> String {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let python = root.appendingPathComponent(".venv/bin/python3").path
    let library = root.appendingPathComponent(".venv/lib")
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: library.path)) ?? []
    let isThere = folders.contains {
      FileManager.default.fileExists(
        atPath: library.appendingPathComponent("\($0)/site-packages/\(module)").path)
    }
    guard isThere, FileManager.default.isExecutableFile(atPath: python) else {
      throw TestError("There is no \(module) in .venv. Run: config/setup test")
    }
    return python
  }

  /// Runs a script to its end, with nothing of the tests' own environment.
  /// - Returns: what it prints.
  /// - Throws: `TestError` with its trace, where it fails.
  package static func run(
    _ script: String, _ arguments: [String] = [], having module: String
  ) async throws -> String {
    let (status, output, log) = try await ChildProcess.run(
      try interpreter(having: module), ["-I", "-c", script] + arguments, environment: variables)
    guard status == 0 else { throw TestError("Python failed: \(log)") }
    return output
  }
}
