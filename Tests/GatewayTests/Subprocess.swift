import Foundation
import Testing

/// A program that runs to its end. Not by Foundation's `Process`, which now and then loses the end
/// of a child that is quick, where several are started at once.
enum Subprocess {
  /// - Parameters:
  ///   - environment: nil gives it that of the tests.
  ///   - folder: where it runs; nil for where the tests do.
  /// - Returns: its exit status, and what it wrote to both of its outputs.
  static func run(
    _ program: URL, _ arguments: [String], environment: [String: String]? = nil,
    folder: URL? = nil
  ) async throws -> (Int32, String) {
    let environment = environment ?? ProcessInfo.processInfo.environment
    return try await withCheckedThrowingContinuation { done in
      DispatchQueue.global().async {
        done.resume(
          with: Result {
            try runBlocking(
              program.path, arguments, environment.map { "\($0)=\($1)" }, folder?.path)
          })
      }
    }
  }

  private static func runBlocking(
    _ program: String, _ arguments: [String], _ environment: [String], _ folder: String?
  ) throws -> (Int32, String) {
    // A file rather than a pipe: no other child can hold it open.
    let output = FileManager.default.temporaryDirectory
      .appendingPathComponent("easel-\(UUID().uuidString).out")
    let file = open(output.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw ProcessError("\(output.path): \(errno)") }
    defer { try? FileManager.default.removeItem(at: output) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, file, 1)
    posix_spawn_file_actions_adddup2(&actions, file, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // In a group of its own, so that nobody else's `waitpid` takes its status.
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var pid = pid_t()
    // The shell goes to the folder, and becomes the program.
    let words = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder ?? ".", program] + arguments
    let status = withStrings(words) { argv in
      withStrings(environment) { posix_spawn(&pid, words[0], &actions, &attributes, argv, $0) }
    }
    close(file)
    guard status == 0 else { throw ProcessError("\(program) cannot be run: \(status)") }
    var result: Int32 = 0
    while waitpid(pid, &result, 0) < 0 {
      guard errno == EINTR else { throw ProcessError("waitpid: \(errno)") }
    }
    // As a shell tells it: the exit status, or 128 and the signal.
    let code = result & 0x7F == 0 ? result >> 8 & 0xFF : 128 + (result & 0x7F)
    return (code, String(decoding: try Data(contentsOf: output), as: UTF8.self))
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
