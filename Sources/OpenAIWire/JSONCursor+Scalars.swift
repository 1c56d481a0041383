extension JSONCursor {
  /// Reads a number (RFC 8259, section 6) whose first byte, `-` or a digit, is at `start`.
  @inline(__always)
  func number(_ start: Int) throws(JSONError) -> Int {
    var at = start
    if self[at] == UInt8(ascii: "-") { at += 1 }
    if at < end, self[at] == UInt8(ascii: "0") {
      at += 1
      if at < end, isDigit(at) {
        throw JSONError(offset: at, message: "leading zero in a number")
      }
    } else {
      at = try digits(at)
    }
    if at < end, self[at] == UInt8(ascii: ".") { at = try digits(at + 1) }
    if at < end, self[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if at < end, self[at] == UInt8(ascii: "+") || self[at] == UInt8(ascii: "-") { at += 1 }
      at = try digits(at)
    }
    return at
  }

  /// Reads one digit or more.
  @inline(__always)
  private func digits(_ start: Int) throws(JSONError) -> Int {
    var at = start
    while at < end, isDigit(at) { at += 1 }
    guard at > start else { throw JSONError(offset: at, message: "digit expected in a number") }
    return at
  }

  @inline(__always)
  private func isDigit(_ at: Int) -> Bool {
    self[at] &- UInt8(ascii: "0") < 10
  }

  /// Reads `true`, `false` or `null`.
  @inline(__always)
  func literal(_ start: Int, _ rest: StaticString) throws(JSONError) -> Int {
    let length = rest.utf8CodeUnitCount
    for offset in 0..<length {
      guard start + offset < end else { throw JSONError(offset: end, message: "unexpected end") }
      // Unsafe: StaticString shows its bytes as a pointer only; `offset` is below its length.
      guard self[start + offset] == rest.utf8Start[offset] else {
        throw JSONError(offset: start, message: "unknown literal")
      }
    }
    return start + length
  }
}
