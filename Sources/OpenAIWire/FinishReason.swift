/// The member of a chat's chunk that says why its choice is over.
package enum FinishReason {
  /// Whether there is one other than `null` in whole events, which are searched and not parsed: an
  /// unescaped `"finish_reason"` can only be a member's name.
  package static func stands(in events: ArraySlice<UInt8>) -> Bool {
    var rest = events
    while let start = rest.firstIndex(of: "\"finish_reason\"" as StaticString) {
      var index = start + 15
      while index < rest.endIndex, rest[index] == 0x20 || rest[index] == UInt8(ascii: ":") {
        index += 1
      }
      if index < rest.endIndex && rest[index] != UInt8(ascii: "n") { return true }
      rest = rest[index...]
    }
    return false
  }
}
