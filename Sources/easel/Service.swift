import EventLoop
import Gateway
import Observability

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Runs a gateway until the process is told to end.
enum Service {
  /// Waits for SIGTERM or SIGINT and stops gracefully. A second signal ends the process at once.
  /// - Parameter announcement: printed once a signal is heard: whoever reads it may send one.
  /// - Returns: the exit status, which tells whether requests were cut.
  static func untilSignal(
    _ gateway: Gateway, _ group: EventLoopGroup, _ logger: Logger, announcement: String
  ) async -> Int32 {
    await withCheckedContinuation { done in
      let loop = group.loops[0]
      loop.submit {
        var signals = 0
        for signal in [SIGTERM, SIGINT] {
          _ = SignalWatch(loop, signal: signal) {
            signals += 1
            guard signals == 1 else {
              logger.warning("stopping at once: a second signal came")
              logger.flush()
              Program.exit(ExitStatus.requestsCut)
            }
            Task {
              let isClean = await gateway.stop()
              done.resume(returning: isClean ? ExitStatus.success : ExitStatus.requestsCut)
            }
          }
        }
        Program.say(announcement)
      }
    }
  }
}
