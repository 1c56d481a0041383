/// What a store of shared breakers has to do: read, and write only if nothing was written since.
///
/// Everything else is decided by pure functions of snapshots, so that the script which runs inside
/// Redis is a comparison of one number. A store that answers asynchronously runs the same steps.
package protocol BreakerStore {
  /// The breaker stored under `key`, or nil.
  func load(_ key: String) -> StoredBreaker?

  /// Stores `snapshot` if the revision is still `revision` (0: nothing is stored), in one step.
  /// Returns whether it did.
  mutating func compareAndSet(
    _ key: String, revision: Int64, to snapshot: BreakerSnapshot
  ) -> Bool
}

/// A snapshot with the number of its writing.
package struct StoredBreaker: Sendable, Hashable {
  /// Raised by each writing; never 0.
  package let revision: Int64
  /// The snapshot.
  package let snapshot: BreakerSnapshot

  /// The snapshot of the writing `revision`.
  package init(revision: Int64, snapshot: BreakerSnapshot) {
    self.revision = revision
    self.snapshot = snapshot
  }
}

extension BreakerStore {
  /// Adds what a gateway knows; returns what is stored now, which the gateway should absorb. Nil if
  /// others wrote each time in between, `attempts` times: try again later.
  package mutating func publish(
    _ snapshot: BreakerSnapshot, key: String, now: Int64, attempts: Int = 8
  ) -> BreakerSnapshot? {
    for _ in 0..<attempts {
      let stored = load(key)
      let merged = snapshot.merged(with: stored?.snapshot ?? snapshot, now: now)
      if merged == stored?.snapshot { return merged }
      if compareAndSet(key, revision: stored?.revision ?? 0, to: merged) { return merged }
    }
    return nil
  }

  /// Decides a claim for the trial and stores the verdict. Nil if others wrote each time in between,
  /// `attempts` times.
  package mutating func claim(
    _ claim: TrialClaim, key: String, now: Int64, attempts: Int = 8
  ) -> TrialClaim.Verdict? {
    for _ in 0..<attempts {
      let stored = load(key)
      let verdict = claim.verdict(stored: stored?.snapshot, now: now)
      if verdict.snapshot == stored?.snapshot { return verdict }
      if compareAndSet(key, revision: stored?.revision ?? 0, to: verdict.snapshot) {
        return verdict
      }
    }
    return nil
  }
}

/// The store in memory, by which every other can be judged. Also serves the loops of one process,
/// behind a lock.
package struct SharedBreakerModel: BreakerStore, Sendable, Hashable {
  private var breakers: [String: StoredBreaker] = [:]

  /// An empty store.
  package init() {}

  package func load(_ key: String) -> StoredBreaker? { breakers[key] }

  package mutating func compareAndSet(
    _ key: String, revision: Int64, to snapshot: BreakerSnapshot
  ) -> Bool {
    guard (breakers[key]?.revision ?? 0) == revision else { return false }
    breakers[key] = StoredBreaker(revision: revision + 1, snapshot: snapshot)
    return true
  }
}
