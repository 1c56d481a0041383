/// Durations in milliseconds, counted in slots whose width grows with the value: 16 to each power
/// of two, so that a percentile is off by at most 1/32 of itself. About 290 slots reach to an hour;
/// what is longer is counted as an hour.
struct LatencyHistogram: Sendable, Hashable {
  private static let slotsPerDoubling = 16
  private static let longest: Int64 = 3_600_000

  /// Empty until the first duration, so that an idle window takes no room.
  private var slots: [UInt32] = []
  private(set) var count = 0

  mutating func add(_ milliseconds: Int64) {
    if slots.isEmpty {
      slots = Array(repeating: 0, count: Self.slot(of: Self.longest) + 1)
    }
    let slot = Self.slot(of: milliseconds.clamped(to: 0...Self.longest))
    guard slots[slot] < .max else { return }
    slots[slot] += 1
    count += 1
  }

  mutating func add(_ other: LatencyHistogram) {
    guard !other.slots.isEmpty else { return }
    guard !slots.isEmpty else {
      self = other
      return
    }
    for slot in slots.indices {
      let (sum, overflow) = slots[slot].addingReportingOverflow(other.slots[slot])
      count += Int(overflow ? .max - slots[slot] : other.slots[slot])
      slots[slot] = overflow ? .max : sum
    }
  }

  /// The duration that `share` (0 to 1) of the durations don't exceed, by the nearest rank; nil if
  /// there are none.
  func percentile(_ share: Double) -> Int64? {
    guard count > 0 else { return nil }
    var remaining = Int((share * Double(count)).rounded(.up)).clamped(to: 1...count)
    for slot in slots.indices {
      remaining -= Int(slots[slot])
      if remaining <= 0 { return Self.middle(of: slot) }
    }
    return nil
  }

  private static func slot(of value: Int64) -> Int {
    let value = Int(value)
    guard value >= slotsPerDoubling else { return value }
    // The top five bits: a leading one, and which sixteenth of the doubling.
    let shift = Int.bitWidth - value.leadingZeroBitCount - 5
    return shift * slotsPerDoubling + (value >> shift)
  }

  private static func middle(of slot: Int) -> Int64 {
    guard slot >= 2 * slotsPerDoubling else { return Int64(slot) }
    let shift = slot / slotsPerDoubling - 1
    let start = (slot - shift * slotsPerDoubling) << shift
    return Int64(start + ((1 << shift) - 1) / 2)
  }
}
