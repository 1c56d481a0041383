internal import OpenAIWire

extension JSONWriter {
  /// Writes a member that is always there: null where nothing is known.
  mutating func member(_ key: String, orNull value: String?) {
    guard let value else { return null(key) }
    member(key, value)
  }

  /// Writes a member that is always there: null where nothing is known.
  mutating func member(_ key: String, orNull value: Int?) {
    guard let value else { return null(key) }
    member(key, value)
  }

  /// Writes a member that is always there: null where nothing is known.
  mutating func member(_ key: String, orNull value: Double?) {
    guard let value else { return null(key) }
    member(key, value)
  }

  private mutating func null(_ key: String) {
    self.key(key)
    null()
  }
}
