/// Why a text is not JSON.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The byte offset at which the text stops being JSON, counted from the start of the array: its
  /// length, where more of it could have been JSON.
  package let offset: Int
  /// What is wrong there, in words that an API client can be shown.
  package let message: String

  /// An error at `offset`.
  package init(offset: Int, message: String) {
    self.offset = offset
    self.message = message
  }

  /// Message and offset.
  package var description: String { "\(message) at byte \(offset)" }
}
