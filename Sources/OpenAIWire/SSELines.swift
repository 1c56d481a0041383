/// One line inside a frame, taken apart at its first colon.
struct SSELine {
  let bytes: [UInt8]
  let name: Range<Int>
  let value: Range<Int>

  /// The line at `range`, its terminator not included. One space after the colon is dropped.
  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    guard let colon = bytes[range].firstIndex(of: UInt8(ascii: ":")) else {
      name = range
      value = range.upperBound..<range.upperBound
      return
    }
    name = range.lowerBound..<colon
    let afterColon = colon + 1
    let hasSpace = afterColon < range.upperBound && bytes[afterColon] == 0x20
    value = (hasSpace ? afterColon + 1 : afterColon)..<range.upperBound
  }

  func isNamed(_ field: StaticString) -> Bool {
    name.count == field.utf8CodeUnitCount && bytes[name].contains(field)
  }
}

/// The lines of one frame, blank ones left out.
struct SSELines {
  private let bytes: [UInt8]
  private let end: Int
  private var at: Int

  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    end = range.upperBound
    at = range.lowerBound
  }

  mutating func next() -> SSELine? {
    while at < end {
      let start = at
      at = ByteSearch.lineEnd(in: bytes, from: at, to: end)
      let line = start..<at
      at += 1
      if !line.isEmpty { return SSELine(bytes, line) }
    }
    return nil
  }
}
