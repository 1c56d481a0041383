extension StateKey {
  /// Bytes of a value.
  static let largestValue = 1 << 20
  /// Bytes of group and name together.
  static let longestName = 512

  /// - Throws: `StateError` of kind `refused` for a key, or a value, beyond its bounds.
  func check(_ value: [UInt8] = []) throws(StateError) {
    let bytes = [group, name].map(\.utf8)
    guard bytes.allSatisfy({ $0.allSatisfy { (0x21...0x7E).contains($0) } }),
      bytes.reduce(0, { $0 + $1.count }) <= Self.longestName
    else {
      throw StateError(
        .refused, "a key has at most \(Self.longestName) printable ASCII characters")
    }
    guard value.count <= Self.largestValue else {
      throw StateError(.refused, "a value has at most \(Self.largestValue) bytes")
    }
  }
}

extension Duration {
  /// Whole milliseconds, of durations of up to many years.
  var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow ? .max >> 1 : milliseconds + attoseconds / 1_000_000_000_000_000
  }
}
