internal import OpenAIWire

/// What goes wrong with the next answer of a route.
package struct SimulatorFault: Sendable, Hashable {
  /// Before the head of the answer.
  package var delay = Duration.zero
  /// Between events of a stream.
  package var pace: Duration?
  /// Answers with this status and body in place of its own.
  package var status: Int?
  package var body: String?
  package var retryAfter: String?
  package var contentType: String?
  /// Resets the connection after this many bytes of the body.
  package var resetAfter: Int?
  /// Ends the stream, properly as far as HTTP goes, after this many bytes.
  package var cutAfter: Int?
  /// Never answers.
  package var hangs = false
  /// Sends the stream a byte at a time.
  package var splitsEveryByte = false
  /// Answers with the bytes of a stream as they are.
  package var replay: [UInt8]?
  /// Answers with a body of this many bytes.
  package var giantBytes: Int?

  /// Nothing goes wrong.
  package init() {}

  /// Reads `{"delay_ms", "pace_ms", "status", "body", "retry_after", "content_type",
  /// "reset_after", "cut_after", "hang", "split", "replay", "giant_bytes"}`.
  init(_ object: JSONSlice) {
    delay = .milliseconds(object["delay_ms"]?.int ?? 0)
    pace = object["pace_ms"]?.int.map { .milliseconds($0) }
    status = object["status"]?.int
    body = object["body"]?.string
    retryAfter = object["retry_after"]?.string
    contentType = object["content_type"]?.string
    resetAfter = object["reset_after"]?.int
    cutAfter = object["cut_after"]?.int
    hangs = object["hang"]?.bool ?? false
    splitsEveryByte = object["split"]?.bool ?? false
    replay = object["replay"]?.stringBytes
    giantBytes = object["giant_bytes"]?.int
  }
}
