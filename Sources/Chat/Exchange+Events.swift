package import HTTP
internal import OpenAIWire

extension Exchange {
  private static let stopping = SSEWriter.event(
    data: OpenAIError.unavailable(
      "The gateway was stopped before the answer was complete.", retryAfter: .seconds(1),
      code: "gateway_stopping"
    ).body())

  /// Begins a stream of events. Should the server stop before its end, an error is its last event.
  package func startEvents(_ status: Int, _ fields: HeaderFields) {
    lastWords = Self.stopping
    start(status, fields)
  }
}
