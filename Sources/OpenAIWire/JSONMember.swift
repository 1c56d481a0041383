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
    // First the lengths: most names differ in it, and it is there without a look at the text.
    guard keyHasEscapes || key.count == name.utf8.count + 2 else { return false }
    guard key.count >= 2, key.lowerBound >= 0, key.upperBound <= bytes.count else { return false }
    let inside = key.lowerBound + 1..<key.upperBound - 1
    guard !keyHasEscapes else {
      // A long key is not decoded to learn that it is not a short one.
      guard JSONString.mayBe(inside.count, name) else { return false }
      return JSONString.decode(bytes, inside).elementsEqual(name.utf8)
    }
    let name = name.utf8.span
    for offset in 0..<inside.count where bytes[inside.lowerBound + offset] != name[offset] {
      return false
    }
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
