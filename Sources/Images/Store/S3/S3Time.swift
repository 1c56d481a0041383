internal import FoundationEssentials

/// The forms in which S3 writes times (ISO 8601, UTC).
enum S3Time {
  /// `20130524T000000Z`.
  /// - Parameter seconds: since 1970.
  static func stamp(_ seconds: Int) -> String {
    let style = Date.ISO8601FormatStyle(
      dateSeparator: .omitted, dateTimeSeparator: .standard, timeSeparator: .omitted,
      timeZoneSeparator: .omitted, includingFractionalSeconds: false, timeZone: .gmt)
    return Date(timeIntervalSince1970: Double(seconds)).formatted(style)
  }

  /// Milliseconds since 1970 of `2013-05-24T00:00:00.000Z`, with or without the fraction; nil for
  /// anything else.
  static func milliseconds(_ text: String) -> Int? {
    guard (20...32).contains(text.utf8.count), text.hasSuffix("Z") else { return nil }
    let style = Date.ISO8601FormatStyle(
      includingFractionalSeconds: text.contains("."), timeZone: .gmt)
    guard let date = try? style.parse(text) else { return nil }
    return Int((date.timeIntervalSince1970 * 1000).rounded())
  }
}
