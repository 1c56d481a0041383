/// What a breaker remembers of how it came into its state, for operators.
extension SharedBreaker.State {
  /// Notes when the state began that the breaker shows.
  mutating func note(_ transitions: [Transition]) {
    for transition in transitions where transition.to.name != transition.from.name {
      entered = (transition.to.name, transition.at)
    }
  }

  /// Notes when the breaker opened: a trial that says nothing is no new opening.
  mutating func noteOpening(since before: BreakerCore) {
    let core = breaker.snapshot.core
    switch core.phase {
    case .closed: openedAt = nil
    case .open where core.trips != before.trips || before.phase == .closed: openedAt = core.number
    case .open, .halfOpen: break
    }
  }

  /// When the state of that name began, in milliseconds; nil where that is not known, or it has been
  /// so from the start.
  func since(_ shown: BreakerState) -> Int64? {
    if let entered, entered.name == shown.name { return entered.at }
    switch shown {
    case .closed, .open, .halfOpen:
      let began = breaker.snapshot.core.number
      return began == 0 ? nil : began
    case .coolingDown, .badKey, .noCredit, .forcedOpen, .forcedClosed: return nil
    }
  }

  /// What all gateways together have counted of the present state, or, where it is not closed, what
  /// led to it; nil where that is not known, or older than the window.
  func total(now: Int64) -> CallCounts? {
    guard let total, now - total.at < breaker.settings.window.milliseconds else { return nil }
    let snapshot = breaker.snapshot
    guard snapshot.core.phase != .closed || total.epoch == snapshot.epoch else { return nil }
    return total.counts
  }
}

/// What all gateways had counted of a state of the breaker.
struct CountedTotal: Sendable {
  let counts: CallCounts
  let epoch: Epoch
  /// When it was asked for, in milliseconds.
  let at: Int64
}
