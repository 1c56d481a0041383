/// Told of what happens to breakers, for logs and metrics. Called by whoever caused it, on any
/// thread; does not block.
package protocol BreakerObserver: Sendable {
  /// A breaker shows another state.
  func breaker(_ key: BreakerKey, changed transition: Transition)
  /// An operator has decided something.
  func breaker(_ key: BreakerKey, command: BreakerCommand, by operator: String)
  /// The store of shared breakers can be reached and takes what it is told, or not any more: why, in
  /// one sentence.
  func store(isAvailable: Bool, reason: String?)
}

/// What an operator may do to a breaker.
package enum BreakerCommand: String, Sendable, Hashable, CaseIterable {
  /// Open it as if there had been too many failures.
  case open
  /// Close it, where it is open.
  case close
  /// Forget everything that is known of it, as after a key was replaced.
  case reset
  /// Refuse every call until told otherwise.
  case forceOpen = "force_open"
  /// Let every call pass until told otherwise.
  case forceClosed = "force_closed"
  /// Leave it to the breaker again.
  case auto
}

/// An observer that looks away.
package struct NoBreakerObserver: BreakerObserver {
  package init() {}
  package func breaker(_ key: BreakerKey, changed transition: Transition) {}
  package func breaker(_ key: BreakerKey, command: BreakerCommand, by operator: String) {}
  package func store(isAvailable: Bool, reason: String?) {}
}
