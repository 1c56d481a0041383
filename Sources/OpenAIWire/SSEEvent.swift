/// One dispatched Server-Sent Event.
package struct SSEEvent: Sendable, Equatable {
  /// Its type; `message` where the stream names none.
  package let event: String
  /// Its data, lines joined by LF, bytes as they came in.
  package let data: [UInt8]
  /// The last event id that the stream has set, this event's block included.
  package let lastEventId: String
  /// The exact bytes of its block, blank line included, to relay it verbatim.
  package let raw: [UInt8]

  /// An event with these parts.
  package init(event: String, data: [UInt8], lastEventId: String, raw: [UInt8]) {
    self.event = event
    self.data = data
    self.lastEventId = lastEventId
    self.raw = raw
  }

  /// The data as text; what is not UTF-8 becomes U+FFFD.
  package var text: String { String(decoding: data, as: UTF8.self) }

  /// Whether the data is OpenAI's end mark, `[DONE]`.
  package var isDone: Bool { data.elementsEqual("[DONE]".utf8) }
}
