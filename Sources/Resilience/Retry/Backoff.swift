/// How long to wait before a retry, in milliseconds.
///
/// Full jitter spreads the retries of many clients best. After a 429 it could put all of them into
/// the same minute of the provider's limit, so there at least half of the time is waited.
/// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
package struct Backoff: Sendable, Hashable {
  /// The longest wait before the first retry.
  package let base: Int64
  /// The longest wait at all, unless the provider asks for more.
  package let cap: Int64

  /// Waits up to `base`, twice that, and so on up to `cap`; both are put between 1 ms and 10 min.
  package init(baseMs: Int64 = 250, capMs: Int64 = 5000) {
    base = baseMs.clamped(to: 1...600_000)
    cap = capMs.clamped(to: base...600_000)
  }

  /// What made the retry necessary.
  package enum Cause: Sendable, Hashable {
    /// No connection, a connection that broke, or a 5xx.
    case failure
    /// A 429.
    case rateLimited
  }

  /// The wait before the `retry`-th retry (from 1), in milliseconds, or nil if it would take longer
  /// than `remainingMs`, what is left until the request's deadline.
  ///
  /// Never less than `retryAfterMs`, what the provider asked for; a little more, so that not all
  /// who were asked come back at once.
  package func delay(
    retry: Int, cause: Cause, retryAfterMs: Int64? = nil, remainingMs: Int64,
    using generator: inout some RandomNumberGenerator
  ) -> Int64? {
    let longest = longestDelay(retry: retry)
    let shortest = cause == .rateLimited ? longest / 2 : 0
    var delay = Int64.random(in: shortest...longest, using: &generator)
    if let retryAfterMs, retryAfterMs > 0 {
      let asked = min(retryAfterMs, BreakerSettings.longestState.milliseconds)
      let spread = Int64.random(in: 0...min(base, asked / 10), using: &generator)
      delay = max(delay, asked + spread)
    }
    return delay <= remainingMs ? delay : nil
  }

  private func longestDelay(retry: Int) -> Int64 {
    // Base and cap are at most a factor of 2^20 apart.
    min(cap, base << Int64(retry.clamped(to: 1...21) - 1))
  }
}
