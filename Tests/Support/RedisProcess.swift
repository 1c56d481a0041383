import Foundation
import Synchronization

/// A real redis-server, at a free port of the loopback interface and at a socket.
package final class RedisProcess: Sendable {
  package let port: Int
  /// The path of its socket.
  package let socket: String
  private let options: [String]
  private let folder: URL
  private let child: Mutex<ChildProcess>

  private init(
    _ port: Int, _ socket: String, _ options: [String], _ folder: URL, _ child: ChildProcess
  ) {
    self.port = port
    self.socket = socket
    self.options = options
    self.folder = folder
    self.child = Mutex(child)
  }

  /// `redis://127.0.0.1:PORT`.
  package var url: String { "redis://127.0.0.1:\(port)" }
  package var isRunning: Bool { child.withLock { $0.isRunning } }
  package var processIdentifier: Int32 { child.withLock { $0.processIdentifier } }

  /// Starts a server and waits until it answers.
  /// - Parameters:
  ///   - options: of redis-server, such as `--save`, `60 1`.
  ///   - arguments: what stands before the options: a configuration file, and `--sentinel`.
  /// - Throws: `TestError` that says what to install, where there is none.
  package static func start(
    _ options: [String] = [], file: String? = nil
  ) async throws -> RedisProcess {
    // A port that was free a moment ago may be taken: then with another one.
    for _ in 0..<5 {
      let folder = try TemporaryFolder.make("redis")
      let port = try FreePort.next()
      let socket = folder.appendingPathComponent("s").path
      var words = [
        "--port", "\(port)", "--unixsocket", socket, "--bind", "127.0.0.1", "--dir", folder.path,
        "--save", "", "--appendonly", "no", "--daemonize", "no",
      ]
      if let file {
        let path = folder.appendingPathComponent("redis.conf").path
        try file.write(toFile: path, atomically: true, encoding: .utf8)
        words.insert(path, at: 0)
      }
      let server = RedisProcess(port, socket, words + options, folder, try launch(words + options))
      if try await server.isUp() { return server }
      server.kill()
    }
    throw TestError("redis-server does not start")
  }

  private static func launch(_ options: [String]) throws -> ChildProcess {
    let places = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map { $0 + "/redis-server" }
    guard let program = places.first(where: FileManager.default.isExecutableFile) else {
      throw TestError("There is no redis-server. Run: config/setup test")
    }
    return try ChildProcess(program, options, environment: [:])
  }

  /// Waits for its answer; false where it has ended.
  private func isUp() async throws -> Bool {
    var isRunning = true
    try await eventually("redis-server answers") {
      isRunning = child.withLock { $0.isRunning }
      guard isRunning else { return true }
      let reply = (try? await command("PING")) ?? ""
      return reply.contains("PONG") || reply.contains("NOAUTH")
    }
    return isRunning
  }

  /// Runs a command through redis-cli.
  /// - Returns: what it prints.
  @discardableResult
  package func command(_ words: String...) async throws -> String {
    try await command(words)
  }

  /// Runs a command through redis-cli.
  @discardableResult
  package func command(_ words: [String], password: String? = nil) async throws -> String {
    let login = password.map { ["-a", $0, "--no-auth-warning"] } ?? []
    let (_, output, log) = try await ChildProcess.run(
      "/usr/bin/env", ["redis-cli", "-h", "127.0.0.1", "-p", "\(port)"] + login + words)
    return output + log
  }

  /// Whether it takes itself for a master.
  package var isMaster: Bool {
    get async throws { try await command("ROLE").hasPrefix("master") }
  }

  /// Stops it without ending it.
  package func pause() { child.withLock { $0.send(SIGSTOP) } }
  /// Lets it go on.
  package func resume() { child.withLock { $0.send(SIGCONT) } }

  /// Ends it at once, so that it loses what it has not saved.
  package func kill() { child.withLock { $0.kill() } }

  /// Starts it again, at the same port.
  package func restart() async throws {
    let options = options
    try child.withLock { child in
      child.kill()
      child = try Self.launch(options)
    }
    guard try await isUp() else { throw TestError("redis-server does not start again") }
  }

  deinit {
    kill()
    try? FileManager.default.removeItem(at: folder)
  }
}
