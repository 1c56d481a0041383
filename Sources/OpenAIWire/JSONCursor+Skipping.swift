/// Walking over text that is known to be valid: only what separates tokens is looked at.
extension JSONCursor {
  /// The member that begins at `start` or after whitespace there, and where the next one may.
  func nextMember(_ start: Int) -> (member: JSONMember?, next: Int) {
    let keyStart = skipWhitespace(start)
    guard keyStart < end, self[keyStart] == UInt8(ascii: "\"") else { return (nil, end) }
    let (keyEnd, keyHasEscapes) = skipString(keyStart)
    let colon = skipWhitespace(keyEnd)
    guard colon < end else { return (nil, end) }
    let valueStart = skipWhitespace(colon + 1)
    guard valueStart < end, let kind = JSONKind(firstByte: self[valueStart]) else {
      return (nil, end)
    }
    let valueEnd = skipValue(valueStart)
    let member = JSONMember(
      key: keyStart..<keyEnd, value: valueStart..<valueEnd, kind: kind,
      keyHasEscapes: keyHasEscapes)
    return (member, skipWhitespace(valueEnd) + 1)
  }

  /// The element that begins at `start` or after whitespace there, and where the next one may.
  func nextElement(_ start: Int) -> (value: Range<Int>?, next: Int) {
    let valueStart = skipWhitespace(start)
    guard valueStart < end else { return (nil, end) }
    let valueEnd = skipValue(valueStart)
    return (valueStart..<valueEnd, skipWhitespace(valueEnd) + 1)
  }

  /// The offset past the value whose first byte is at `start`.
  func skipValue(_ start: Int) -> Int {
    switch self[start] {
    case UInt8(ascii: "\""):
      return skipString(start).end
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      return skipContainer(start)
    default:
      var at = start
      while at < end, !endsScalar(self[at]) { at += 1 }
      return at
    }
  }

  private func skipContainer(_ start: Int) -> Int {
    var at = start
    var depth = 0
    while at < end {
      switch self[at] {
      case UInt8(ascii: "\""):
        at = skipString(at).end
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return at + 1 }
      default: break
      }
      at += 1
    }
    return end
  }

  /// The offset past the string whose opening quote is at `start`, never past `end`.
  private func skipString(_ start: Int) -> (end: Int, hasEscapes: Bool) {
    var at = start + 1
    var hasEscapes = false
    while at < end {
      while at + 8 <= end {
        let word = word(at)
        let found = SWAR.equal(word, UInt8(ascii: "\"")) | SWAR.equal(word, UInt8(ascii: "\\"))
        if found != 0 {
          at += found.trailingZeroBitCount >> 3
          break
        }
        at += 8
      }
      guard at < end else { break }
      let byte = self[at]
      if byte == UInt8(ascii: "\"") { return (at + 1, hasEscapes) }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        at += 1
      }
      at += 1
    }
    return (end, hasEscapes)
  }

  @inline(__always)
  private func endsScalar(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}")
      || byte == UInt8(ascii: "]")
  }
}
