import Dispatch
import Foundation
import Observability
import Synchronization

/// Keeps the lines that a log writes, and can hold the writer up like a slow terminal.
final class LogCapture: Sendable {
  private let written = Mutex<[[UInt8]]>([])
  private let result = Mutex(LogWriteResult.written)
  private let gate = Mutex<DispatchSemaphore?>(nil)

  func write(_ bytes: [UInt8]) -> LogWriteResult {
    gate.withLock { $0 }?.wait()
    written.withLock { $0.append(bytes) }
    return result.withLock { $0 }
  }

  /// Holds every write until the semaphore is signalled once for each.
  func hold() -> DispatchSemaphore {
    let semaphore = DispatchSemaphore(value: 0)
    gate.withLock { $0 = semaphore }
    return semaphore
  }

  func answer(_ value: LogWriteResult) {
    result.withLock { $0 = value }
  }

  var batches: [[UInt8]] { written.withLock { $0 } }

  var lines: [String] {
    String(decoding: batches.joined(), as: UTF8.self)
      .split(separator: "\n").map(String.init)
  }

  /// The lines as JSON objects; a line that is none becomes an empty object.
  var objects: [[String: Any]] {
    lines.map { line in
      (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any] ?? [:]
    }
  }
}
