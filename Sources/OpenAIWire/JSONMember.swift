/// One member of an object, as byte ranges of the array that was scanned.
package struct JSONMember: Sendable, Equatable {
  /// The key, its quotes included.
  package let key: Range<Int>
  /// The value, without the whitespace around it.
  package let value: Range<Int>
  /// The kind of the value.
  package let kind: JSONKind
  /// Whether the key is spelled with a backslash escape somewhere.
  package let keyHasEscapes: Bool

  /// Whether the key, its escapes decoded, is `name`; compared byte by byte, so that no Unicode
  /// normalisation makes two keys equal that an upstream tells apart.
  package func isNamed(_ name: String, in bytes: [UInt8]) -> Bool {
    guard key.count >= 2, key.lowerBound >= 0, key.upperBound <= bytes.count else { return false }
    let inside = key.lowerBound + 1..<key.upperBound - 1
    let name = name.utf8.span
    guard keyHasEscapes else {
      guard inside.count == name.count else { return false }
      for offset in 0..<inside.count where bytes[inside.lowerBound + offset] != name[offset] {
        return false
      }
      return true
    }
    let decoded = JSONString.decode(bytes, inside)
    guard decoded.count == name.count else { return false }
    for offset in 0..<decoded.count where decoded[offset] != name[offset] { return false }
    return true
  }

  /// The key with its escapes decoded.
  package func name(in bytes: [UInt8]) -> String {
    JSONString.text(bytes, key)
  }
}

extension [JSONMember] {
  /// The last member named `name`, which is the one that readers of duplicates agree on most.
  package func named(_ name: String, in bytes: [UInt8]) -> JSONMember? {
    last { $0.isNamed(name, in: bytes) }
  }
}
