/// Why a stream of Server-Sent Events cannot be read on.
package enum SSEError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One event is longer than `limit` bytes. The stream cannot be resumed.
  case eventTooLarge(limit: Int)

  /// What is wrong, for logs.
  package var description: String {
    switch self {
    case .eventTooLarge(let limit): "a server-sent event is longer than \(limit) bytes"
    }
  }
}
