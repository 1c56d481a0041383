extension CircuitBreaker {
  /// Takes over what another gateway, or the store, knows. What is known here isn't lost: the newer
  /// state holds, of equally new ones the more cautious.
  /// - Parameter owner: who takes it over, who may hear of a trial of its own before it is granted.
  package mutating func absorb(
    _ other: BreakerSnapshot, by owner: String = "", now: Int64
  ) -> [Transition] {
    changing(now: now) { breaker in
      let before = breaker.snapshot
      breaker.snapshot = before.merged(with: other, now: now)
      breaker.giveBackLost(now: now)
      let after = breaker.snapshot
      let hasClosed = before.core.phase != .closed && after.core.phase == .closed
      // Failures that led to an opening which is over must not open it again.
      if hasClosed || after.isVoid(before.epoch) { breaker.forgetCounts() }
      // Nor those from before one that was not heard of while it lasted. What has failed since counts.
      if after.core.phase == .closed, after.core.number > before.core.number {
        breaker.forgetCounts(before: after.core.number, now: now)
      }
      if case .halfOpen(owner, _) = after.core.phase, after.core != before.core {
        return .trialTaken
      }
      return .shared
    }
  }

  /// Prepares a claim for the trial, if ``admission(now:isNeeded:)`` offers it, and offers it to nobody
  /// else here until ``confirm(_:now:)``, ``abandon(_:current:now:)`` or the lease's end.
  package mutating func beginClaim(
    owner: String, now: Int64, isNeeded: Bool = false
  ) -> TrialClaim? {
    guard TrialToken.isOwner(owner), admission(now: now, isNeeded: isNeeded) == .trialAvailable
    else { return nil }
    // Not one that was given up, which may be granted still.
    let last = givenUp.last?.epoch.number ?? 0
    let number = max(snapshot.core.number + 1, snapshot.trial.number + 1, last + 1, now)
    let leaseUntil = now + settings.trialLease.milliseconds
    var claimed = snapshot
    claimed.core.number = number
    claimed.core.phase = .halfOpen(owner: owner, leaseUntil: leaseUntil)
    claimed.trial = TrialLease(
      number: number, settled: false, until: leaseUntil, owner: owner)
    claimPendingUntil = leaseUntil
    let epoch = Epoch(generation: snapshot.generation, number: number)
    let token = TrialToken(owner: owner, epoch: epoch, leaseUntil: leaseUntil)
    return TrialClaim(base: snapshot, claimed: claimed, token: token, credential: credential)
  }

  /// Starts the trial of a granted claim. No token if it's too late for it, or if something newer
  /// was heard meanwhile: then the lease is given back, which the next snapshot tells the others.
  package mutating func confirm(
    _ claim: TrialClaim, now: Int64
  ) -> (token: TrialToken?, transitions: [Transition]) {
    if claimPendingUntil == claim.token.leaseUntil { claimPendingUntil = 0 }
    let transitions = changing(now: now) { breaker in
      _ = breaker.absorb(claim.claimed, now: now)
      if !breaker.isCurrent(claim.token, now: now) { breaker.settle(claim.token) }
      return .trialTaken
    }
    return (isCurrent(claim.token, now: now) ? claim.token : nil, transitions)
  }

  /// Gives a claim up that the store refused; `current` is what the store said instead. Nil: it said
  /// nothing; should it turn out to have granted the trial, that is given back.
  package mutating func abandon(
    _ claim: TrialClaim, current: BreakerSnapshot?, now: Int64
  ) -> [Transition] {
    if claimPendingUntil == claim.token.leaseUntil { claimPendingUntil = 0 }
    guard let current else {
      givenUp = givenUp.suffix(7) + [claim.token]
      return []
    }
    return absorb(current, now: now)
  }

  /// Gives a trial back that was granted after it was given up: nobody makes it, and everyone would wait
  /// for it until its lease ends.
  private mutating func giveBackLost(now: Int64) {
    guard !givenUp.isEmpty else { return }
    let taken = snapshot.trial
    let lost = givenUp.first { $0.epoch.number == taken.number && $0.owner == taken.owner }
    // What is older than the last one that was taken is granted to nobody any more, nor is what
    // somebody else was granted.
    givenUp.removeAll { $0.epoch.number <= taken.number }
    guard let lost else { return }
    settle(lost)
    guard decides(lost) else { return }
    snapshot.core.number += 1
    snapshot.core.phase = .open(until: now)
  }
}
