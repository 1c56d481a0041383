#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Writes the time of a log line as RFC 3339 in UTC with milliseconds,
/// `2026-01-31T23:59:59.042Z`. The part up to the second is made once a second.
struct LogClock {
  private var second: Int = .min
  private var prefix: [UInt8] = []

  /// Appends the current time.
  mutating func appendNow(to bytes: inout [UInt8]) {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    append(second: Int(now.tv_sec), millisecond: Int(now.tv_nsec) / 1_000_000, to: &bytes)
  }

  /// Appends the given time: seconds since 1970 (of the years 0 to 9999), and milliseconds.
  mutating func append(second: Int, millisecond: Int, to bytes: inout [UInt8]) {
    if second != self.second {
      self.second = second
      prefix = Self.prefix(ofSecond: second)
    }
    bytes.append(contentsOf: prefix)
    Self.append(millisecond, digits: 3, to: &bytes)
    bytes.append(UInt8(ascii: "Z"))
  }

  private static func prefix(ofSecond second: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(20)
    let secondOfDay = ((second % 86_400) + 86_400) % 86_400
    let (year, month, day) = civilDate(daysSince1970: (second - secondOfDay) / 86_400)
    append(year, digits: 4, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    append(month, digits: 2, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    append(day, digits: 2, to: &bytes)
    bytes.append(UInt8(ascii: "T"))
    append(secondOfDay / 3600, digits: 2, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    append(secondOfDay / 60 % 60, digits: 2, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    append(secondOfDay % 60, digits: 2, to: &bytes)
    bytes.append(UInt8(ascii: "."))
    return bytes
  }

  /// The proleptic Gregorian date, counted in 400-year eras of years that begin in March, so that
  /// the leap day is the last of its year.
  private static func civilDate(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  private static func append(_ number: Int, digits: Int, to bytes: inout [UInt8]) {
    var divisor = 1
    for _ in 1..<digits { divisor *= 10 }
    while divisor > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
      divisor /= 10
    }
  }
}
