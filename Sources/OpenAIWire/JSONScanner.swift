/// A validating scanner for JSON texts (RFC 8259) that builds no tree.
///
/// It is strict: no byte order mark, no comments, no trailing comma, nothing but whitespace after
/// the value, valid UTF-8 throughout. An escaped surrogate without its other half is grammatical
/// (section 8.2) and accepted. Nesting is kept in a bit stack, so that input never recurses.
package enum JSONScanner {
  /// How deep containers may nest where the caller says nothing.
  package static let defaultMaxDepth = 128
  /// How many members are recorded of one object. No request has as many; without a bound a body of
  /// nothing but members would take twenty times its size.
  package static let maxMembers = 4096

  /// Checks that `bytes` is exactly one JSON value.
  ///
  /// - Parameter maxDepth: how many containers may be open at once.
  package static func validate(
    _ bytes: [UInt8], maxDepth: Int = defaultMaxDepth
  ) throws(JSONError) {
    _ = try scan(bytes, in: 0..<bytes.count, maxDepth: maxDepth)
  }

  /// Checks that `bytes` is exactly one JSON object of at most ``maxMembers``, and returns them in
  /// the order in which they stand, duplicates included. One pass does both.
  package static func scanObject(
    _ bytes: [UInt8], maxDepth: Int = defaultMaxDepth
  ) throws(JSONError) -> [JSONMember] {
    var members: [JSONMember] = []
    members.reserveCapacity(16)
    let range = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
      try run(buffer, 0..<buffer.count, maxDepth, recording: true, into: &members)
    }
    guard bytes[range.lowerBound] == UInt8(ascii: "{") else {
      throw JSONError(offset: range.lowerBound, message: "an object is expected")
    }
    return members
  }

  /// Checks that `range` of `bytes` is exactly one JSON value, and returns where it stands
  /// without the whitespace around it.
  static func scan(
    _ bytes: [UInt8], in range: Range<Int>, maxDepth: Int
  ) throws(JSONError) -> Range<Int> {
    var unused: [JSONMember] = []
    return try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
      try run(buffer, range, maxDepth, recording: false, into: &unused)
    }
  }

  /// Those of `names` that stand more than once among `members`.
  ///
  /// Readers differ on which duplicate wins, so a field that the gateway acts on must not have
  /// one: what the gateway checked and what the upstream reads would not be the same.
  package static func duplicates(
    of names: [String], in members: [JSONMember], _ bytes: [UInt8]
  ) -> [String] {
    names.filter { name in
      var seen = false
      for member in members where member.isNamed(name, in: bytes) {
        if seen { return true }
        seen = true
      }
      return false
    }
  }
}
