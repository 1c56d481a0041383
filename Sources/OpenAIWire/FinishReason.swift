/// The member of a chat's chunk that says why its choice is over.
package enum FinishReason {
  /// Whether there is one other than `null` and the empty string in whole events, which are searched
  /// and not parsed: what a model says is a value, behind which no colon stands.
  package static func stands(in events: ArraySlice<UInt8>) -> Bool {
    var rest = events
    while let start = rest.firstIndex(of: "\"finish_reason\"" as StaticString) {
      rest = rest[(start + 15)...].drop(while: isSpace)
      guard rest.first == UInt8(ascii: ":") else { continue }
      rest = rest.dropFirst().drop(while: isSpace)
      guard rest.first == UInt8(ascii: "\""), rest.dropFirst().first != UInt8(ascii: "\"") else {
        continue
      }
      return true
    }
    return false
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }
}
