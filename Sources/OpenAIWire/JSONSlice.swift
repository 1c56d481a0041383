/// A value inside a validated JSON text: navigation over its bytes, without a tree.
///
/// Every look-up reads the bytes again from the start of its container; nothing is cached, and
/// the bytes are shared, never copied. Over bytes that were not validated, navigation stays
/// memory-safe and ends, but what it finds means nothing.
package struct JSONSlice: Sendable {
  /// The array that holds the whole text, shared.
  package let bytes: [UInt8]
  /// Where this value stands in `bytes`, without the whitespace around it.
  package let range: Range<Int>

  /// The value at `range` of bytes that a scan has found valid.
  package init(validated bytes: [UInt8], range: Range<Int>) {
    self.bytes = bytes
    self.range = range.clamped(to: 0..<bytes.count)
  }

  /// The value of a member that a scan of `bytes` has recorded.
  package init(_ member: JSONMember, in bytes: [UInt8]) {
    self.init(validated: bytes, range: member.value)
  }

  /// Validates the whole of `bytes` and wraps its value.
  package static func parse(
    _ bytes: [UInt8], maxDepth: Int = JSONScanner.defaultMaxDepth
  ) throws(JSONError) -> JSONSlice {
    try parse(bytes, in: 0..<bytes.count, maxDepth: maxDepth)
  }

  /// Validates `range` of `bytes`, such as the data of an SSE frame, and wraps its value. Offsets
  /// in errors and ranges count from the start of `bytes`.
  package static func parse(
    _ bytes: [UInt8], in range: Range<Int>, maxDepth: Int = JSONScanner.defaultMaxDepth
  ) throws(JSONError) -> JSONSlice {
    let value = try JSONScanner.scan(
      bytes, in: range.clamped(to: 0..<bytes.count), maxDepth: maxDepth)
    return JSONSlice(validated: bytes, range: value)
  }

  /// The kind of this value.
  package var kind: JSONKind {
    guard let first = raw.first else { return .null }
    return JSONKind(firstByte: first) ?? .null
  }

  /// Whether this value is `null`.
  package var isNull: Bool { kind == .null }

  /// The bytes of this value as they stand in the text.
  package var raw: ArraySlice<UInt8> { bytes[range] }
}
