/// An incremental reader of Server-Sent Events (WHATWG HTML, 9.2.6).
///
/// Push bytes as they arrive, split anywhere; then take events until there is none. A block that
/// is unfinished at the end of the stream is dropped, as the specification says.
package struct SSEParser: Sendable {
  private var framer: SSEFramer
  private var lastEventId = ""
  private var retryOfBlocks: Duration?

  /// A parser at the start of a stream.
  ///
  /// - Parameter limit: the bytes that one event may have in the stream.
  package init(limit: Int = SSEFramer.defaultLimit) {
    framer = SSEFramer(limit: limit)
  }

  /// Adds what has arrived.
  package mutating func push(_ bytes: Span<UInt8>) { framer.push(bytes) }

  /// Adds what has arrived, without a copy where nothing is left over from before.
  package mutating func push(_ bytes: [UInt8]) { framer.push(bytes) }

  /// The next event; nil where more bytes are needed.
  package mutating func next() throws(SSEError) -> SSEEvent? {
    while let frame = try framer.nextFrame() {
      let type = frame.hasOtherFields ? readFields(of: frame) : ""
      guard let data = frame.data else { continue }
      return SSEEvent(
        event: type.isEmpty ? "message" : type, data: Array(data), lastEventId: lastEventId,
        raw: Array(frame.raw))
    }
    return nil
  }

  /// The reconnection time that the stream set last, if it set any. It counts from the end of its
  /// line on, even where its block never ends.
  package var retry: Duration? {
    var last = retryOfBlocks
    var lines = SSELines(framer.buffer, framer.unfinishedLines)
    while let line = lines.next() { last = retry(in: line) ?? last }
    return last
  }

  private func retry(in line: SSELine) -> Duration? {
    let value = line.bytes[line.value]
    guard line.isNamed("retry"), value.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else {
      return nil
    }
    return Int(String(decoding: value, as: UTF8.self)).map { .milliseconds($0) }
  }

  /// Reads `event`, `id` and `retry`; returns the event's type, empty where there is none.
  private mutating func readFields(of frame: SSEFrame) -> String {
    var type = ""
    var lines = SSELines(frame.bytes, frame.lines)
    while let line = lines.next() {
      let value = frame.bytes[line.value]
      if line.isNamed("event") {
        type = String(decoding: value, as: UTF8.self)
      } else if line.isNamed("id") {
        // An id with NUL is ignored, by the specification.
        if !value.contains(0) { lastEventId = String(decoding: value, as: UTF8.self) }
      } else if let duration = retry(in: line) {
        retryOfBlocks = duration
      }
    }
    return type
  }
}
