extension CircuitBreaker {
  /// Moves everything in time, when the clock that it goes by turns out to have been wrong by so
  /// many milliseconds. Only for a breaker that nobody else knows: calls under way no longer count.
  mutating func rebase(by milliseconds: Int64) {
    func moved(_ time: Int64) -> Int64 { time == 0 ? 0 : max(1, time + milliseconds) }
    snapshot.generation = moved(snapshot.generation)
    snapshot.core.number = moved(snapshot.core.number)
    switch snapshot.core.phase {
    case .closed: break
    case .open(let until): snapshot.core.phase = .open(until: moved(until))
    case .halfOpen(let owner, let leaseUntil):
      snapshot.core.phase = .halfOpen(owner: owner, leaseUntil: moved(leaseUntil))
    }
    snapshot.trial.number = moved(snapshot.trial.number)
    snapshot.trial.until = moved(snapshot.trial.until)
    snapshot.cooling = snapshot.cooling.mapped(found: moved, until: moved)
    snapshot.badKeys = snapshot.badKeys.mapped(found: moved, until: moved)
    snapshot.noCredit = snapshot.noCredit.mapped(found: moved, until: moved)
    snapshot.override.number = moved(snapshot.override.number)
    restsUntil = moved(restsUntil)
    claimPendingUntil = moved(claimPendingUntil)
    forgetCounts()
  }
}
