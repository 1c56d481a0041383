import Dispatch
import Synchronization

/// Where log lines go: a bounded buffer that any thread appends to, and one background thread that
/// writes it out, so that a slow terminal or disk never holds up an event loop.
///
/// Lines are written 100 ms after the first of a batch, or as soon as 32 KiB are waiting. When the
/// buffer is full, lines are dropped, and a later line says how many. Once the reader has closed
/// its end, everything is dropped.
package final class LogOutput: Sendable {
  private struct State {
    var waiting: [UInt8] = []
    /// An empty array with the storage of the batch before, to be used again.
    var spare: [UInt8] = []
    var clock = LogClock()
    /// Lines that were dropped since the last line which told of it, and all.
    var dropped = 0
    var droppedInAll = 0
    var wake = Wake.none
    var isClosed = false
  }

  private enum Wake: Int {
    case none, later, now
  }

  private static let batchSize = 32 * 1024
  private static let batchDelay = DispatchTimeInterval.milliseconds(100)

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "easel.log", qos: .utility)
  private let capacity: Int
  private let lineLimit: Int
  private let write: @Sendable ([UInt8]) -> LogWriteResult

  /// Writes to an open file descriptor, 1 and 2 being the standard output and the standard error.
  /// The process ignores SIGPIPE from then on.
  /// - Parameters:
  ///   - capacity: The most bytes that wait to be written; default 1 MiB.
  ///   - lineLimit: The most bytes of one line; default 8 KiB, at least 128.
  package convenience init(
    descriptor: Int32, capacity: Int = 1024 * 1024, lineLimit: Int = 8 * 1024
  ) {
    LogDescriptor.ignoreBrokenPipeSignal()
    self.init(capacity: capacity, lineLimit: lineLimit) { bytes in
      LogDescriptor.write(bytes, to: descriptor)
    }
  }

  /// Hands batches of whole lines to `write`, one after the other, on the background thread.
  package init(
    capacity: Int = 1024 * 1024, lineLimit: Int = 8 * 1024,
    write: @escaping @Sendable ([UInt8]) -> LogWriteResult
  ) {
    self.lineLimit = max(lineLimit, 128)
    self.capacity = max(capacity, self.lineLimit)
    self.write = write
  }

  /// Lines that were dropped since the start: for want of room, or of a reader.
  package var droppedLines: Int { state.withLock { $0.droppedInAll } }

  private static func lines(in bytes: [UInt8]) -> Int { bytes.count { $0 == UInt8(ascii: "\n") } }

  /// Appends one line; `fields` writes what stands behind `context`. Never waits for the writer.
  func append(
    _ level: LogLevel, _ message: String, context: [UInt8], fields: (inout LogLine) -> Void
  ) {
    let wake: Wake = state.withLock { state in
      guard !state.isClosed else {
        state.droppedInAll += 1
        return .none
      }
      guard state.waiting.count + lineLimit <= capacity else {
        state.dropped += 1
        state.droppedInAll += 1
        return .none
      }
      var waiting: [UInt8] = []
      swap(&waiting, &state.waiting)
      var line = LogLine(appendingTo: consume waiting, limit: lineLimit)
      line.begin(&state.clock, level, message)
      line.append(rendered: context)
      fields(&line)
      state.waiting = line.finish()
      let wanted: Wake = state.waiting.count >= Self.batchSize ? .now : .later
      guard wanted.rawValue > state.wake.rawValue else { return .none }
      state.wake = wanted
      return wanted
    }
    switch wake {
    case .none: break
    case .later: queue.asyncAfter(deadline: .now() + Self.batchDelay) { self.writeWaiting() }
    case .now: queue.async { self.writeWaiting() }
    }
  }

  /// Writes what is waiting, and returns when it is written or `limit` has passed.
  /// - Returns: Whether everything was handed over in time.
  @discardableResult
  package func flush(within limit: Duration = .seconds(1)) -> Bool {
    let done = DispatchSemaphore(value: 0)
    queue.async {
      self.writeWaiting()
      done.signal()
    }
    let milliseconds = limit / .milliseconds(1)
    return done.wait(timeout: .now() + .milliseconds(Int(milliseconds))) == .success
  }

  /// Runs on `queue` only.
  private func writeWaiting() {
    var batch: [UInt8] = state.withLock { state in
      var batch: [UInt8] = []
      swap(&batch, &state.waiting)
      swap(&state.spare, &state.waiting)
      state.wake = .none
      guard state.dropped > 0 else { return batch }
      var line = LogLine(appendingTo: consume batch, limit: lineLimit)
      line.begin(&state.clock, .warning, "log lines were dropped")
      line.field(LogKey("count"), state.dropped)
      state.dropped = 0
      return line.finish()
    }
    guard !batch.isEmpty else { return }
    let result = write(batch)
    state.withLock { state in
      switch result {
      case .written: break
      case .lost:
        let lines = Self.lines(in: batch)
        state.dropped += lines
        state.droppedInAll += lines
      case .closed:
        state.isClosed = true
        state.droppedInAll += Self.lines(in: batch) + Self.lines(in: state.waiting)
        state.waiting = []
      }
      if batch.capacity <= 4 * Self.batchSize {
        batch.removeAll(keepingCapacity: true)
        swap(&batch, &state.spare)
      }
    }
  }
}
