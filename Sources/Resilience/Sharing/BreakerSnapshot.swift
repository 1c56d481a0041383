/// The part of a breaker that gateways share: everything but the counts.
///
/// Two snapshots have a least common, more cautious one (see ``merged(with:now:)``), so that
/// gateways which exchange theirs in any order, twice or not at all for a while agree in the end.
package struct BreakerSnapshot: Sendable, Hashable {
  /// Raised by each reset, to a number like ``BreakerCore/number`` that none known has reached: of an
  /// older generation that is void whose number, or the time at which it was found out, is not higher.
  package internal(set) var generation: Int64 = 0
  /// Closed, open or half-open.
  package internal(set) var core = BreakerCore()
  /// The last trial taken, running or ended.
  package internal(set) var trial = TrialLease()
  /// No call, whichever the key, because the provider asked for it.
  package internal(set) var cooling = KeyPauses()
  /// No call with a key, because it was rejected.
  package internal(set) var badKeys = KeyPauses()
  /// No call with a key, because its account has no credit.
  package internal(set) var noCredit = KeyPauses()
  /// What an operator decided last.
  package internal(set) var override = OperatorOverride()

  /// A closed breaker of which nothing is known yet.
  package init() {}

  /// One of which nothing is known but when it was reset.
  static func reset(at generation: Int64) -> BreakerSnapshot {
    var snapshot = BreakerSnapshot()
    snapshot.generation = generation
    return snapshot
  }

  /// The state's number, to tell outcomes of older states by.
  package var epoch: Epoch { Epoch(generation: generation, number: core.number) }

  /// How long it is kept. Longer than any state lasts: what is older says nothing any more. What an
  /// operator has decided holds until an operator lifts it, were all gateways stopped meanwhile.
  var lifetime: Duration {
    override.mode == .none ? .seconds(2 * 86_400) : .seconds(100 * 365 * 86_400)
  }

  /// No call before, because the provider asked for it; 0: none.
  package var coolingUntil: Int64 { cooling.last }

  /// The latest of the times before which no call is to be made with a key.
  func pausedUntil(for credential: String) -> Int64 {
    max(coolingUntil, badKeys.until(credential), noCredit.until(credential))
  }

  /// Whether a state was over when the breaker was last reset.
  func isVoid(_ epoch: Epoch) -> Bool {
    epoch.generation != generation && epoch.number <= generation
  }
}

/// Closed, open or half-open, with the number of that state.
///
/// The number is a hybrid logical clock: at least one more than the number that it follows, and at
/// least the time of the evidence. So a later state wins over the one it came from, and of two
/// states that don't know of each other the one with the fresher evidence wins, while clocks are
/// roughly alike. https://cse.buffalo.edu/tech-reports/2014-04.pdf
package struct BreakerCore: Sendable, Hashable {
  /// Closed, open or half-open.
  package internal(set) var phase: Phase = .closed
  /// The state's number.
  package internal(set) var number: Int64 = 0
  /// How often in a row the breaker opened without closing in between.
  package internal(set) var trips: Int = 0

  /// What a circuit breaker is at its core.
  package enum Phase: Sendable, Hashable {
    /// Calls pass.
    case closed
    /// A trial is running, until `leaseUntil` at most.
    case halfOpen(owner: String, leaseUntil: Int64)
    /// Calls don't pass; a trial may be taken from `until` on.
    case open(until: Int64)
  }
}

/// Who may be trying at the moment. It outlives the half-open state, so that a trial which another
/// gateway's trip overtook still keeps a second one from starting.
package struct TrialLease: Sendable, Hashable {
  /// The number of the half-open state that began with the trial.
  package internal(set) var number: Int64 = 0
  /// The trial has ended; its lease holds no longer.
  package internal(set) var settled = true
  /// When the lease ends.
  package internal(set) var until: Int64 = 0
  /// Who has taken it; empty where an older version of the gateway has written it. Two that ask within
  /// the same millisecond do so with the same number.
  package internal(set) var owner = ""

  func isHeld(now: Int64) -> Bool { !settled && now < until }
}

/// What an operator decided: the last decision wins.
package struct OperatorOverride: Sendable, Hashable {
  /// The decision's number, made like ``BreakerCore/number``.
  package internal(set) var number: Int64 = 0
  /// The decision.
  package internal(set) var mode: Mode = .none

  /// The decision; the raw values are for the store.
  package enum Mode: String, Sendable, Hashable {
    /// Every call passes, whatever is known of the provider.
    case forcedClosed = "forced_closed"
    /// The breaker decides.
    case none
    /// No call passes.
    case forcedOpen = "forced_open"
  }
}
