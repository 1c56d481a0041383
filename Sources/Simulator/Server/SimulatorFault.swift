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
  /// The answer's `x-should-retry`.
  package var shouldRetry: String?
  package var contentType: String?
  /// Resets the connection in place of an answer, once the request is read.
  package var resets = false
  /// Resets the connection after this many bytes of the body.
  package var resetAfter: Int?
  /// Ends the stream, properly as far as HTTP goes, after this many bytes.
  package var cutAfter: Int?
  /// Sends the stream whole, and then keeps its connection open.
  package var lingers = false
  /// Never answers.
  package var hangs = false
  /// Answers once ``SimulatorServer/release()`` is called.
  package var isHeld = false
  /// Sends the stream a byte at a time.
  package var splitsEveryByte = false
  /// Answers with the bytes of a stream as they are.
  package var replay: [UInt8]?
  /// Answers with a body of this many bytes.
  package var giantBytes: Int?
  /// Whether the request is accepted, and charged for, before its answer goes wrong: what a provider
  /// has begun when it stops to answer.
  package var accepts = false
  /// Makes pictures this much longer, with bytes behind the end of the file, which readers overlook.
  package var padBytes = 0

  /// Nothing goes wrong.
  package init() {}

  /// A 503.
  package static var unavailable: SimulatorFault {
    var fault = SimulatorFault()
    fault.status = 503
    return fault
  }

  /// Reads `{"delay_ms", "pace_ms", "status", "body", "retry_after", "content_type",
  /// "reset", "reset_after", "cut_after", "linger", "hang", "split", "replay", "giant_bytes", "accepts", "pad_bytes"}`.
  init(_ object: JSONSlice) {
    delay = .milliseconds(object["delay_ms"]?.int ?? 0)
    pace = object["pace_ms"]?.int.map { .milliseconds($0) }
    status = object["status"]?.int
    body = object["body"]?.string
    retryAfter = object["retry_after"]?.string
    contentType = object["content_type"]?.string
    resets = object["reset"]?.bool ?? false
    resetAfter = object["reset_after"]?.int
    cutAfter = object["cut_after"]?.int
    lingers = object["linger"]?.bool ?? false
    hangs = object["hang"]?.bool ?? false
    splitsEveryByte = object["split"]?.bool ?? false
    replay = object["replay"]?.stringBytes
    giantBytes = object["giant_bytes"]?.int
    accepts = object["accepts"]?.bool ?? false
    padBytes = max(0, object["pad_bytes"]?.int ?? 0)
  }

  /// Whether the provider's own answer is never given.
  var replacesAnswer: Bool { hangs || resets || status != nil || giantBytes != nil }

  /// A picture, longer where that is asked for.
  func padded(_ picture: [UInt8]) -> [UInt8] {
    padBytes > 0 ? picture + [UInt8](repeating: 0x20, count: padBytes) : picture
  }
}
