/// The fields of a message, in order, kept as the bytes that go on the wire.
package struct HeaderFields: Sendable, Hashable, ExpressibleByDictionaryLiteral {
  /// `Name: value` lines with their ends, without the empty line that follows them.
  package private(set) var wireBytes: [UInt8] = []
  private var entries: [Entry] = []

  /// One field, as offsets in `wireBytes`.
  private struct Entry: Hashable {
    var start: Int32
    var nameEnd: Int32
    var valueStart: Int32
    var valueEnd: Int32
    var end: Int32 { valueEnd + 2 }
  }

  /// No fields.
  package init() {}

  /// Fields that a program names; one that is not valid is left out.
  package init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { append(name, value, orDrop: ()) }
  }

  /// A name or value that could not be sent.
  package struct HeaderError: Error, Sendable, Hashable {
    /// What is wrong; holds no value, which could be a secret.
    package let message: String
  }

  /// The number of fields.
  package var count: Int { entries.count }
  /// Whether there is none.
  package var isEmpty: Bool { entries.isEmpty }

  // MARK: Reading

  /// The value of the first field of a name, whatever its case.
  package subscript(name: String) -> String? {
    index(of: name).map { value(entries[$0]) }
  }

  /// The values of all fields of a name, in order.
  package func values(_ name: String) -> [String] {
    entries.filter { matches($0, name) }.map(value)
  }

  /// Whether there is a field of this name.
  package func contains(_ name: String) -> Bool { index(of: name) != nil }

  /// Whether a list field (such as `Connection`) holds a token, whatever its case.
  package func contains(_ name: String, token: String) -> Bool {
    for entry in entries where matches(entry, name) {
      for part in wireBytes[Int(entry.valueStart)..<Int(entry.valueEnd)]
        .split(separator: UInt8(ascii: ","))
      where ASCII.equalsIgnoringCase(ASCII.trimmed(part), token) { return true }
    }
    return false
  }

  /// Calls `body` with every field.
  package func forEach(_ body: ((name: String, value: String)) throws -> Void) rethrows {
    for entry in entries { try body((name(entry), value(entry))) }
  }

  /// The fields whose name, in lower case, `keep` accepts.
  package func filtered(_ keep: (_ name: ArraySlice<UInt8>) -> Bool) -> HeaderFields {
    var result = HeaderFields()
    result.wireBytes.reserveCapacity(wireBytes.count)
    result.entries.reserveCapacity(entries.count)
    for entry in entries where keep(wireBytes[Int(entry.start)..<Int(entry.nameEnd)]) {
      result.copy(entry, of: self)
    }
    return result
  }

  private func name(_ entry: Entry) -> String {
    String(decoding: wireBytes[Int(entry.start)..<Int(entry.nameEnd)], as: UTF8.self)
  }
  private func value(_ entry: Entry) -> String {
    String(decoding: wireBytes[Int(entry.valueStart)..<Int(entry.valueEnd)], as: UTF8.self)
  }
  private func index(of name: String) -> Int? { entries.firstIndex { matches($0, name) } }
  private func matches(_ entry: Entry, _ name: String) -> Bool {
    ASCII.equalsIgnoringCase(wireBytes[Int(entry.start)..<Int(entry.nameEnd)], name)
  }

  // MARK: Writing

  /// Adds a field.
  /// - Throws: `HeaderError` when the name is no token, or the value holds a control character, by
  ///   which a second field could be smuggled in (RFC 9110, section 5.5).
  package mutating func append(_ name: String, _ value: String) throws(HeaderError) {
    guard !name.isEmpty, name.utf8.allSatisfy(ASCII.isToken) else {
      throw HeaderError(message: "a header's name is not a token")
    }
    guard value.utf8.allSatisfy(ASCII.isFieldValue) else {
      throw HeaderError(message: "the value of \(name) holds a control character")
    }
    append(Array(name.utf8)[...], ASCII.trimmed(Array(value.utf8)[...]))
  }

  /// Adds a field, or nothing where it could not be sent.
  package mutating func append(_ name: String, _ value: String, orDrop: Void) {
    try? append(name, value)
  }

  /// Replaces all fields of a name by one.
  /// - Throws: `HeaderError`, as `append` does.
  package mutating func set(_ name: String, _ value: String) throws(HeaderError) {
    remove(name)
    try append(name, value)
  }

  /// Replaces all fields of a name by one, or only removes them where it could not be sent.
  package mutating func set(_ name: String, _ value: String, orDrop: Void) {
    remove(name)
    try? append(name, value)
  }

  /// Removes all fields of a name.
  package mutating func remove(_ name: String) {
    guard contains(name) else { return }
    self = filtered { !ASCII.equalsIgnoringCase($0, name) }
  }

  /// Adds all fields of another set.
  package mutating func append(contentsOf other: HeaderFields) {
    for entry in other.entries { copy(entry, of: other) }
  }

  /// Adds a field that a parser has validated.
  mutating func append(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) {
    let start = Int32(wireBytes.count)
    wireBytes.append(contentsOf: name)
    let nameEnd = Int32(wireBytes.count)
    wireBytes.append(UInt8(ascii: ":"))
    wireBytes.append(UInt8(ascii: " "))
    let valueStart = Int32(wireBytes.count)
    wireBytes.append(contentsOf: value)
    let valueEnd = Int32(wireBytes.count)
    wireBytes.append(0x0D)
    wireBytes.append(0x0A)
    entries.append(
      Entry(start: start, nameEnd: nameEnd, valueStart: valueStart, valueEnd: valueEnd))
  }

  private mutating func copy(_ entry: Entry, of other: HeaderFields) {
    let shift = Int32(wireBytes.count) - entry.start
    wireBytes.append(contentsOf: other.wireBytes[Int(entry.start)..<Int(entry.end)])
    entries.append(
      Entry(
        start: entry.start + shift, nameEnd: entry.nameEnd + shift,
        valueStart: entry.valueStart + shift, valueEnd: entry.valueEnd + shift))
  }
}
