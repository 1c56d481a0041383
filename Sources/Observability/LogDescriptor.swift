#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What became of a batch of log lines.
package enum LogWriteResult: Sendable {
  /// All of it was written.
  case written
  /// It was lost, wholly or partly; the next batch may succeed (a full disk, for example).
  case lost
  /// The reader is gone for good: nothing more will be written.
  case closed
}

/// Writes to a file descriptor, log lines on the log's own thread.
package enum LogDescriptor {
  /// A reader that goes away must show as an error of `write`, not kill the process.
  static func ignoreBrokenPipeSignal() {
    signal(SIGPIPE, SIG_IGN)
  }

  /// Writes all of `bytes`. Waits while the reader is slow.
  @discardableResult
  package static func write(_ bytes: [UInt8], to descriptor: Int32) -> LogWriteResult {
    var start = 0
    while start < bytes.count {
      // C glue: write(2) takes a pointer, which stays valid for the call.
      let count = bytes[start...].withUnsafeBytes { buffer in
        Self.systemWrite(descriptor, buffer)
      }
      if count >= 0 {
        start += count
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        guard waitUntilWritable(descriptor) else { return .lost }
      case EPIPE, EBADF: return .closed
      default: return .lost
      }
    }
    return .written
  }

  private static func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
    Glibc.write(descriptor, buffer.baseAddress, buffer.count)
    #elseif canImport(Musl)
    Musl.write(descriptor, buffer.baseAddress, buffer.count)
    #else
    Darwin.write(descriptor, buffer.baseAddress, buffer.count)
    #endif
  }

  /// A descriptor that someone made non-blocking is waited for, up to 10 s.
  private static func waitUntilWritable(_ descriptor: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&request, 1, 10_000) > 0
  }
}
