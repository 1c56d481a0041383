internal import Resilience

extension BreakerState {
  /// The names of all states, so that pages tell of each, also of those that no breaker is in.
  static let names = [
    BreakerState.closed, .open(until: 0), .halfOpen(owner: "", leaseUntil: 0),
    .coolingDown(until: 0), .badKey(until: 0), .noCredit(until: 0), .forcedOpen, .forcedClosed,
  ].map(\.name)
}
