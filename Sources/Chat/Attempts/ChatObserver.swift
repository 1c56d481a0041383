/// Told of attempts at upstreams, for metrics. Called on a loop; does not block.
package protocol ChatObserver: Sendable {
  /// An attempt is over.
  /// - Parameters:
  ///   - result: `ok`, the reason of its failure, or `client_left`.
  ///   - firstByte: until the upstream began to answer; nil where it did not.
  func attempt(upstream: String, result: String, firstByte: Duration?, total: Duration)
  /// The same upstream is asked again.
  func retry(upstream: String, reason: String)
  /// Another upstream is asked in place of this one.
  /// - Parameter reason: of its failure; `unavailable` or `busy` where it was not asked.
  func fallback(from upstream: String, reason: String)
}

/// An observer that looks away.
package struct NoChatObserver: ChatObserver {
  package init() {}
  package func attempt(
    upstream: String, result: String, firstByte: Duration?, total: Duration
  ) {}
  package func retry(upstream: String, reason: String) {}
  package func fallback(from upstream: String, reason: String) {}
}
