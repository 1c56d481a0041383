/// A sliding window whose parts are counted by many: see ``StateStore/count(_:by:_:over:lifetime:)``.
package struct CountedWindow: Sendable, Hashable {
  /// The number of its newest part, a span of time.
  package let newest: Int64
  /// How many parts it has: 1 to 1000.
  package let parts: Int64
  /// How many numbers each part has: 1 to 8, always as many under one key.
  package let counters: Int

  /// The window of `parts` parts up to `newest`.
  package init(newest: Int64, parts: Int64, counters: Int) {
    self.newest = newest
    self.parts = parts
    self.counters = counters
  }

  /// The parts that are summed up: the clock of another gateway may be a little ahead.
  package var numbers: ClosedRange<Int64> { newest - parts + 1...newest + 1 }

  /// The parts that are remembered: also those that a clock which is behind still sums up. What is
  /// further ahead was counted by a clock that was wrong.
  var kept: ClosedRange<Int64> { newest - parts...newest + parts }
}

/// What one gateway has counted in each part of a window, by the part's number.
package typealias PartCounts = [Int64: [Int64]]

extension CountedWindow {
  static let allowedCounters = 1...8
  static let allowedParts: ClosedRange<Int64> = 1...1000
  /// Bytes of printable ASCII that name who counts.
  static let longestMember = 128
  /// Where counts and sums stop, and parts are numbered no further: up to here the numbers of Lua, by
  /// which Redis counts, are exact.
  static let largest: Int64 = (1 << 53) - 1

  /// What is told of the parts of the window, within ``largest``; what is told of others, and of more
  /// counters, counts nowhere.
  /// - Throws: `StateError` of kind `refused` for a window that cannot be counted.
  func checked(_ told: PartCounts, by member: String) throws(StateError) -> PartCounts {
    guard Self.allowedCounters.contains(counters), Self.allowedParts.contains(parts),
      (0...Self.largest).contains(newest)
    else {
      throw StateError(
        .refused,
        "a window has \(Self.allowedParts.lowerBound) to \(Self.allowedParts.upperBound) parts and "
          + "\(Self.allowedCounters.lowerBound) to \(Self.allowedCounters.upperBound) counters")
    }
    guard (1...Self.longestMember).contains(member.utf8.count),
      member.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      throw StateError(
        .refused,
        "who counts has a name of 1 to \(Self.longestMember) printable ASCII characters")
    }
    let numbers = numbers
    return told.filter { numbers.contains($0.key) }
      .mapValues { $0.prefix(counters).map { min(max($0, 0), Self.largest) } }
  }

  /// The sum of two numbers that are not negative, within ``largest``.
  static func sum(_ a: Int64, _ b: Int64) -> Int64 { min(a + b, largest) }
}
