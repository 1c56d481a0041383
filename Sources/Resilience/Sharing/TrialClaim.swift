/// A request to the store for the trial: what the gateway believes, and what it wants to be true.
package struct TrialClaim: Sendable, Hashable {
  /// The breaker as the gateway knows it.
  package let base: BreakerSnapshot
  /// The breaker with the trial taken.
  package let claimed: BreakerSnapshot
  /// The token, if the claim is granted.
  package let token: TrialToken
  /// Which key the trial would be made with.
  package let credential: String

  /// Decides the claim against what is stored (nil: nothing) at `now`. The store writes the verdict
  /// only if nothing else was written since `stored` was read, and decides anew otherwise.
  package func verdict(stored: BreakerSnapshot?, now: Int64) -> Verdict {
    let current = base.merged(with: stored ?? base, now: now)
    guard current.generation == base.generation, current.core == base.normalized(now: now).core,
      current.override.mode == .none, current.pausedUntil(for: credential) <= now,
      !current.trial.isHeld(now: now),
      now < token.leaseUntil
    else { return .refused(current) }
    return .granted(current.merged(with: claimed, now: now))
  }

  /// The answer to a claim, with the snapshot to store.
  package enum Verdict: Sendable, Hashable {
    /// The trial may be made.
    case granted(BreakerSnapshot)
    /// Someone else is trying, or something happened that the gateway didn't know.
    case refused(BreakerSnapshot)

    /// What is to be stored, and to be absorbed by the gateway.
    package var snapshot: BreakerSnapshot {
      switch self {
      case .granted(let snapshot), .refused(let snapshot): snapshot
      }
    }
  }
}
