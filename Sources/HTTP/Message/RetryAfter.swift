internal import EventLoop

/// When a server wants to be asked again (RFC 9110, section 10.2.3; `retry-after-ms` as OpenAI's
/// SDKs read it).
package enum RetryAfter {
  /// Reads it; nil where there is none, or none that makes sense.
  /// - Parameter now: seconds since 1970, from which a date is counted; nil takes the time of day.
  package static func read(_ headers: HeaderFields, now: Int? = nil) -> Duration? {
    if let text = headers["retry-after-ms"], let value = Double(text), value >= 0, value < 1e12 {
      return .milliseconds(Int64(value))
    }
    guard let text = headers["retry-after"] else { return nil }
    // A number that is absurdly large asks for a long pause all the same.
    if let value = Double(text), value >= 0, value.isFinite { return .seconds(min(value, 1e9)) }
    return HTTPDate(text).map { .seconds(max(0, $0.seconds - (now ?? WallClock.seconds))) }
  }
}
