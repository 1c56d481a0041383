/// How long to wait before connecting again: up to twice as long each time, at random, so that many
/// gateways do not come back to a server all at once ("full jitter"), and never at once.
struct RedisBackoff {
  private var attempt = 0
  private static let least = 50
  private static let base = 100
  private static let longest = 10_000

  /// A connection is over. One that lasted was a good one, so that the next wait is short; one that
  /// broke soon was not.
  mutating func ended(after duration: Duration) {
    if duration >= .milliseconds(Self.longest) { attempt = 0 }
  }

  /// The next wait: 50 ms to 10 s.
  mutating func next() -> Duration {
    let cap = min(Self.longest, Self.base << min(attempt, 10))
    attempt += 1
    return .milliseconds(Int.random(in: Self.least...cap))
  }
}
