/// What the counters of a sliding window may hold, in every store alike.
enum WindowCounts {
  /// Counters under one key.
  static let counters = 1...8
  /// Parts of a window.
  static let parts: ClosedRange<Int64> = 1...1000
  /// Where sums stop, and parts are numbered no further: up to here the numbers of Lua, by which
  /// Redis counts, are exact.
  static let largest: Int64 = (1 << 53) - 1

  /// What is added, within ``largest``.
  /// - Throws: `StateError` of kind `refused` for a window that cannot be counted.
  static func checked(
    bucket: Int64, window: Int64, adding: [Int64]
  ) throws(StateError) -> [Int64] {
    guard counters.contains(adding.count), parts.contains(window),
      (-largest...largest).contains(bucket)
    else {
      throw StateError(
        .refused,
        "a window has \(parts.lowerBound) to \(parts.upperBound) parts and "
          + "\(counters.lowerBound) to \(counters.upperBound) counters")
    }
    return adding.map(bounded)
  }

  /// The sum of two numbers within ``largest``.
  static func sum(_ a: Int64, _ b: Int64) -> Int64 { bounded(a + b) }

  /// The number, or where numbers stop.
  static func bounded(_ number: Int64) -> Int64 { min(max(number, -largest), largest) }
}
