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
    /// Of the name, so that most look-ups compare no bytes.
    var hash: UInt32
    var end: Int32 { valueEnd + 2 }
  }

  /// No fields.
  package init() {}

  /// Fields that a program names; one that is not valid is left out.
  package init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { append(name, value, orDrop: ()) }
  }

  /// The field of a body in JSON, made once.
  package static let json: HeaderFields = ["content-type": "application/json"]

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
    let hash = ASCII.hash(name.utf8.span)
    return entries.filter { matches($0, name, hash) }.map(value)
  }

  /// Whether the first field of a name has a value that begins so, whatever its case.
  package func value(_ name: String, hasPrefix prefix: String) -> Bool {
    guard let entry = index(of: name).map({ entries[$0] }) else { return false }
    let value = wireBytes[Int(entry.valueStart)..<Int(entry.valueEnd)]
    return ASCII.equalsIgnoringCase(value.prefix(prefix.utf8.count), prefix)
  }

  /// The bytes of the value of the first field of a name.
  func valueBytes(_ name: String) -> ArraySlice<UInt8>? {
    index(of: name).map { wireBytes[Int(entries[$0].valueStart)..<Int(entries[$0].valueEnd)] }
  }

  /// Whether there is a field of this name.
  package func contains(_ name: String) -> Bool { index(of: name) != nil }

  /// Whether a list field (such as `Connection`) holds a token, whatever its case.
  package func contains(_ name: String, token: String) -> Bool {
    let hash = ASCII.hash(name.utf8.span)
    for entry in entries where matches(entry, name, hash) {
      let value = wireBytes[Int(entry.valueStart)..<Int(entry.valueEnd)]
      if ASCII.equalsIgnoringCase(value, token) { return true }
      guard value.contains(UInt8(ascii: ",")) else { continue }
      for part in value.split(separator: UInt8(ascii: ","))
      where ASCII.equalsIgnoringCase(ASCII.trimmed(part), token) { return true }
    }
    return false
  }

  /// Calls `body` with every field.
  package func forEach(_ body: ((name: String, value: String)) throws -> Void) rethrows {
    for entry in entries { try body((name(entry), value(entry))) }
  }

  /// The fields whose names are among `names`.
  package func only(_ names: FieldNames) -> HeaderFields {
    filtered { names.contains(wireBytes, Int($0.start)..<Int($0.nameEnd), hash: $0.hash) }
  }

  /// The fields whose names are not among `names`.
  package func without(_ names: FieldNames) -> HeaderFields {
    filtered { !names.contains(wireBytes, Int($0.start)..<Int($0.nameEnd), hash: $0.hash) }
  }

  private func filtered(_ keep: (Entry) -> Bool) -> HeaderFields {
    var result = HeaderFields()
    result.wireBytes.reserveCapacity(wireBytes.count + 256)
    result.entries.reserveCapacity(entries.count + 6)
    for entry in entries where keep(entry) { result.copy(entry, of: self) }
    return result
  }

  /// How many fields there are of a name.
  func count(of name: String) -> Int {
    let hash = ASCII.hash(name.utf8.span)
    return entries.reduce(0) { $0 + (matches($1, name, hash) ? 1 : 0) }
  }

  private func name(_ entry: Entry) -> String {
    String(decoding: wireBytes[Int(entry.start)..<Int(entry.nameEnd)], as: UTF8.self)
  }
  private func value(_ entry: Entry) -> String {
    String(decoding: wireBytes[Int(entry.valueStart)..<Int(entry.valueEnd)], as: UTF8.self)
  }
  private func index(of name: String) -> Int? {
    let hash = ASCII.hash(name.utf8.span)
    for index in entries.indices where matches(entries[index], name, hash) { return index }
    return nil
  }
  private func matches(_ entry: Entry, _ name: String, _ hash: UInt32) -> Bool {
    entry.hash == hash
      && ASCII.equalsIgnoringCase(wireBytes[Int(entry.start)..<Int(entry.nameEnd)], name)
  }

  // MARK: Writing

  /// Adds a field.
  /// - Throws: `HeaderError` when the name is no token, or the value holds a control character, by
  ///   which a second field could be smuggled in (RFC 9110, section 5.5).
  package mutating func append(_ name: String, _ value: String) throws(HeaderError) {
    let nameBytes = name.utf8.span
    let bytes = value.utf8.span
    guard !nameBytes.isEmpty else { throw HeaderError(message: "a header's name is empty") }
    for index in nameBytes.indices where !ASCII.isToken(nameBytes[index]) {
      throw HeaderError(message: "a header's name is not a token")
    }
    guard ASCII.firstControl(bytes, from: 0) == bytes.count else {
      throw HeaderError(message: "the value of \(name) holds a control character")
    }
    append(nameBytes, bytes.extracting(ASCII.content(bytes)))
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
    let hash = ASCII.hash(name.utf8.span)
    self = filtered { !matches($0, name, hash) }
  }

  /// Adds all fields of another set.
  package mutating func append(contentsOf other: HeaderFields) {
    for entry in other.entries { copy(entry, of: other) }
  }

  /// Adds the field of a line that a parser has validated.
  /// - Parameters:
  ///   - name: bytes of the name, behind which the colon stands.
  ///   - value: where the value stands in the line.
  mutating func append(_ line: Span<UInt8>, name: Int, value: Range<Int>) {
    let isAsWritten =
      value.upperBound == line.count && value.lowerBound == name + 2 && line[name + 1] == 0x20
    guard isAsWritten else {
      return append(line.extracting(..<name), line.extracting(value))
    }
    if entries.isEmpty { reserveUsual() }
    addEntry(line.extracting(..<name), value: value.count)
    wireBytes.append(copying: line)
    wireBytes.append(0x0D)
    wireBytes.append(0x0A)
  }

  private mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>) {
    if entries.isEmpty { reserveUsual() }
    addEntry(name, value: value.count)
    wireBytes.append(copying: name)
    wireBytes.append(UInt8(ascii: ":"))
    wireBytes.append(UInt8(ascii: " "))
    wireBytes.append(copying: value)
    wireBytes.append(0x0D)
    wireBytes.append(0x0A)
  }

  /// The entry of a field that is written next.
  private mutating func addEntry(_ name: Span<UInt8>, value count: Int) {
    let start = wireBytes.count
    entries.append(
      Entry(
        start: Int32(start), nameEnd: Int32(start + name.count),
        valueStart: Int32(start + name.count + 2),
        valueEnd: Int32(start + name.count + 2 + count), hash: ASCII.hash(name)))
  }

  /// Room for what a message usually has, at once instead of by growing.
  private mutating func reserveUsual() {
    wireBytes.reserveCapacity(480)
    entries.reserveCapacity(12)
  }

  private mutating func copy(_ entry: Entry, of other: HeaderFields) {
    let shift = Int32(wireBytes.count) - entry.start
    wireBytes.append(contentsOf: other.wireBytes[Int(entry.start)..<Int(entry.end)])
    entries.append(
      Entry(
        start: entry.start + shift, nameEnd: entry.nameEnd + shift,
        valueStart: entry.valueStart + shift, valueEnd: entry.valueEnd + shift, hash: entry.hash))
  }
}
