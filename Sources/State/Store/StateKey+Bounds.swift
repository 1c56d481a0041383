extension StateKey {
  /// Bytes of a value.
  static let largestValue = 1 << 20
  /// Bytes of group and name together.
  static let longestName = 512

  /// - Throws: `StateError` of kind `refused` for a key, or a value, beyond its bounds.
  func check(_ value: [UInt8] = []) throws(StateError) {
    let bytes = [group, name].map(\.utf8)
    guard bytes.allSatisfy({ $0.allSatisfy { (0x20...0x7E).contains($0) } }),
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
  /// Some hundred years: what is to be kept longer is kept so long.
  private static let longestLifetime: Int64 = 10_000_000_000_000

  /// Whole milliseconds of a lifetime: at least 1, and few enough to be added to a time.
  var lifetimeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return seconds < 0 ? 1 : Self.longestLifetime }
    let whole = milliseconds + attoseconds / 1_000_000_000_000_000
    return min(max(1, whole), Self.longestLifetime)
  }
}
