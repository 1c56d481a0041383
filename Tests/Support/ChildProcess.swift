import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A program that a test has started: what it wrote, whether it runs, how it ended.
///
/// Not by Foundation's `Process`, which now and then loses the end of a child that is quick, where
/// several are started at once. Nothing here blocks a thread: whoever waits looks again and again,
/// so that a test's time limit can end the wait.
package final class ChildProcess: Sendable {
  package let processIdentifier: Int32
  private let folder: URL
  private let ended = Mutex<Int32?>(nil)

  /// Starts a program.
  /// - Parameters:
  ///   - environment: nil gives it that of the tests.
  ///   - directory: where it runs; nil for an empty folder of its own, which `kill()` removes.
  /// - Throws: `TestError` where it cannot be started.
  package init(
    _ program: String, _ arguments: [String] = [], environment: [String: String]? = nil,
    directory: String? = nil
  ) throws {
    folder = try TemporaryFolder.make("child")
    let environment = environment ?? ProcessInfo.processInfo.environment
    do {
      processIdentifier = try Self.spawn(
        [program] + arguments, environment.map { "\($0)=\($1)" },
        directory: directory ?? folder.path, output: folder.appendingPathComponent(".out").path,
        log: folder.appendingPathComponent(".log").path)
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  deinit { kill() }

  /// What it wrote to its standard output so far.
  package var output: String { read(".out") }
  /// What it wrote to its standard error so far.
  package var log: String { read(".log") }

  private func read(_ name: String) -> String {
    let data = try? Data(contentsOf: folder.appendingPathComponent(name))
    return String(decoding: data ?? Data(), as: UTF8.self)
  }

  // MARK: End

  /// As a shell tells it: the exit status, or 128 and the signal. Nil while it runs.
  package var exitStatus: Int32? {
    ended.withLock { ended in
      if ended != nil { return ended }
      var status: Int32 = 0
      guard waitpid(processIdentifier, &status, WNOHANG) == processIdentifier else { return nil }
      ended = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
      return ended
    }
  }

  package var isRunning: Bool { exitStatus == nil }

  /// Waits for its end.
  /// - Throws: `TestError` where it does not end in time, and when the test is cancelled.
  package func waitForExit(within limit: Duration = .seconds(120)) async throws -> Int32 {
    try await eventually("process \(processIdentifier) ends", within: limit) { !self.isRunning }
    return exitStatus ?? -1
  }

  /// Sends a signal, unless it has ended.
  package func send(_ signal: Int32) {
    // Only while it is not reaped: afterwards the number may be another's.
    guard isRunning else { return }
    _ = Glibc.kill(processIdentifier, signal)
  }

  /// Ends it at once, and forgets what it wrote. Harmless where it has ended.
  package func kill() {
    if isRunning {
      send(SIGKILL)
      var status: Int32 = 0
      ended.withLock { ended in
        guard ended == nil else { return }
        while waitpid(processIdentifier, &status, 0) < 0, errno == EINTR {}
        ended = 128 + SIGKILL
      }
    }
    try? FileManager.default.removeItem(at: folder)
  }

  // MARK: Start

  private static func spawn(
    _ words: [String], _ environment: [String], directory: String, output: String, log: String
  ) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Files rather than pipes: nobody has to read them, and no other child can hold them open.
    let flags = O_WRONLY | O_CREAT | O_APPEND
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, log, flags, 0o600)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // In a group of its own, so that nobody else's `waitpid` takes its status.
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var pid = pid_t()
    // The shell goes to the folder, and becomes the program.
    let words = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", directory] + words
    let status = withStrings(words) { argv in
      withStrings(environment) { posix_spawn(&pid, words[0], &actions, &attributes, argv, $0) }
    }
    guard status == 0 else { throw TestError("\(words[4]) cannot be started: error \(status)") }
    return pid
  }

  /// Calls `body` with a null-terminated list of C strings.
  private static func withStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}

extension ChildProcess {
  /// Runs a program to its end.
  /// - Returns: its exit status, and what it wrote to its two outputs.
  package static func run(
    _ program: String, _ arguments: [String] = [], environment: [String: String]? = nil,
    directory: String? = nil, within limit: Duration = .seconds(240)
  ) async throws -> (status: Int32, output: String, log: String) {
    let child = try ChildProcess(
      program, arguments, environment: environment, directory: directory)
    defer { child.kill() }
    let status = try await child.waitForExit(within: limit)
    return (status, child.output, child.log)
  }
}
