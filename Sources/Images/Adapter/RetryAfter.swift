internal import HTTP

/// When a server wants to be asked again (RFC 9110, section 10.2.3; `retry-after-ms` as OpenAI's
/// SDKs read it).
enum RetryAfter {
  static func read(_ headers: HeaderFields, now: Int = Clock.seconds) -> Duration? {
    if let text = headers["retry-after-ms"], let value = Double(text), value >= 0, value < 1e12 {
      return .milliseconds(Int64(value))
    }
    guard let text = headers["retry-after"] else { return nil }
    if let value = Double(text), value >= 0, value < 1e9 { return .seconds(value) }
    return HTTPDate(text).map { .seconds(max(0, $0.seconds - now)) }
  }
}
