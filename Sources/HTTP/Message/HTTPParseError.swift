/// Why bytes are not a message that is accepted here.
package struct HTTPParseError: Error, Sendable, Hashable {
  /// The status to answer with, where it is a request.
  package let status: Int
  /// One sentence in plain ASCII without quotes.
  package let message: String

  /// An error with the status that answers it.
  package init(status: Int = 400, message: String) {
    self.status = status
    self.message = message
  }

  static func bad(_ message: String) -> HTTPParseError { HTTPParseError(message: message) }
  static func bodyTooLarge(_ limit: Int) -> HTTPParseError {
    HTTPParseError(
      status: 413, message: "The body is larger than the bound of \(limit) bytes.")
  }
  static func malformedResponse(_ message: String) -> HTTPParseError {
    HTTPParseError(status: 502, message: message)
  }
}
