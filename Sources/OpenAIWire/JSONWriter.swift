/// Builds a JSON text into bytes, commas and escapes included.
///
/// Calls must come in the order of the text: containers are closed, and each key is followed by
/// exactly one value.
package struct JSONWriter: Sendable {
  /// What has been written so far.
  package private(set) var bytes: [UInt8] = []
  /// Whether a value or a key that comes now is preceded by another one in its container.
  private var needsComma = false

  /// An empty text, with room for `capacity` bytes.
  package init(capacity: Int = 256) {
    bytes.reserveCapacity(capacity)
  }

  /// Opens an object as the next value.
  package mutating func beginObject() { begin(UInt8(ascii: "{")) }
  /// Closes the innermost object.
  package mutating func endObject() { end(UInt8(ascii: "}")) }
  /// Opens an array as the next value.
  package mutating func beginArray() { begin(UInt8(ascii: "[")) }
  /// Closes the innermost array.
  package mutating func endArray() { end(UInt8(ascii: "]")) }

  /// Writes the key of the next member.
  package mutating func key(_ name: String) {
    separate()
    JSONEscaping.append(name, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// Writes a string.
  package mutating func value(_ text: String) {
    separate()
    JSONEscaping.append(text, to: &bytes)
  }

  /// Writes an integer.
  package mutating func value(_ number: Int) {
    separate()
    bytes.append(contentsOf: String(number).utf8)
  }

  /// Writes a number with the fewest digits that read back as the same double; JSON has no
  /// infinities and no NaN, for which `null` is written.
  package mutating func value(_ number: Double) {
    guard number.isFinite else { return null() }
    separate()
    bytes.append(contentsOf: number.description.utf8)
  }

  /// Writes `true` or `false`.
  package mutating func value(_ flag: Bool) {
    separate()
    bytes.append(contentsOf: (flag ? "true" : "false").utf8)
  }

  /// Writes `null`.
  package mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }

  /// Writes bytes that are a JSON value already, unchecked.
  package mutating func value(raw: some Sequence<UInt8>) {
    separate()
    bytes.append(contentsOf: raw)
  }

  /// Writes a string whose inside `body` appends: characters that need no escape.
  package mutating func value(_ body: (inout [UInt8]) -> Void) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    body(&bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// Writes a value that was read elsewhere, byte for byte.
  package mutating func value(_ slice: JSONSlice) { value(raw: slice.raw) }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func begin(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func end(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }
}
