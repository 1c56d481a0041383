extension JSONWriter {
  /// Writes a member with a string, or nothing where `value` is nil.
  package mutating func member(_ key: String, _ value: String?) {
    guard let value else { return }
    self.key(key)
    self.value(value)
  }

  /// Writes a member with an integer, or nothing where `value` is nil.
  package mutating func member(_ key: String, _ value: Int?) {
    guard let value else { return }
    self.key(key)
    self.value(value)
  }

  /// Writes a member with a double, or nothing where `value` is nil.
  package mutating func member(_ key: String, _ value: Double?) {
    guard let value else { return }
    self.key(key)
    self.value(value)
  }

  /// Writes a member with a flag, or nothing where `value` is nil.
  package mutating func member(_ key: String, _ value: Bool?) {
    guard let value else { return }
    self.key(key)
    self.value(value)
  }

  /// Writes a member whose value is JSON already, unchecked.
  package mutating func member(_ key: String, raw: some Sequence<UInt8>) {
    self.key(key)
    value(raw: raw)
  }

  /// The bytes of one object, whose members `body` writes.
  package static func object(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    body(&writer)
    writer.endObject()
    return writer.bytes
  }

  /// The bytes of one array of values that are JSON already, unchecked.
  package static func array(_ values: [[UInt8]]) -> [UInt8] {
    var writer = JSONWriter(capacity: values.reduce(2) { $0 + $1.count + 1 })
    writer.beginArray()
    for value in values { writer.value(raw: value) }
    writer.endArray()
    return writer.bytes
  }

  /// The bytes of one string value, quotes included.
  package static func string(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    JSONEscaping.append(text, to: &bytes)
    return bytes
  }
}
