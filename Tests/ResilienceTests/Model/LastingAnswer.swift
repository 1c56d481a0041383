@testable import Resilience

/// An answer that goes on: it may take longer than the lease of a trial, than the state that it began
/// in, and than what comes of other calls meanwhile.
struct LastingAnswer: Hashable {
  /// What its end is recorded with.
  let permit: CallPermit
  /// The state that it speaks of, whatever the permit says: the one that it began in, or, of a trial
  /// that has passed, the one that the trial led to.
  let epoch: Epoch
}

extension GatewayModel {
  /// The trials that it makes, whether or not their leases are over.
  var trials: [TrialToken] {
    let passedBy = lasting.compactMap { answer in
      if case .trial(let token) = answer.permit { token } else { nil }
    }
    return (trial.map { [$0] } ?? []) + passedBy
  }

  /// Whether what comes of a trial may open or close the breaker: as long as nothing newer is known, be
  /// its lease over. Written down once more, so that the breaker cannot be mistaken about it.
  func mayDecide(_ token: TrialToken) -> Bool {
    let snapshot = breaker.snapshot
    return isPresent(token.epoch)
      && snapshot.core.phase == .halfOpen(owner: token.owner, leaseUntil: token.leaseUntil)
  }

  /// Whether it is the present state: also where it began after a reset that was heard of since.
  private func isPresent(_ epoch: Epoch) -> Bool {
    let present = breaker.snapshot.epoch
    return epoch.number == present.number
      && (epoch.generation == present.generation || epoch.number > present.generation)
  }

  /// Whether what comes of an answer may: of a call within the closed state that it speaks of.
  func mayDecide(_ permit: CallPermit, of epoch: Epoch) -> Bool {
    if case .trial(let token) = permit { return mayDecide(token) }
    return breaker.snapshot.core.phase == .closed && isPresent(epoch)
  }

  /// The answer that an event ends, or has go on as another one, and the state that it speaks of.
  func ending(by event: Event) -> (CallPermit, Epoch)? {
    switch event {
    case .trial, .pass: trial.map { ($0.permit, $0.epoch) }
    case .end(_, let position, _, _): (lasting[position].permit, lasting[position].epoch)
    case .earlyCall: early.map { ($0, Epoch(generation: 0, number: 0)) }
    default: nil
    }
  }
}

extension WorldModel {
  /// Answers of one gateway that go on at a time, besides those of trials.
  private static let capacity = 2

  /// What calls may be made where answers go on.
  func lastingEvents(_ index: Int) -> [Event] {
    let gateway = gateways[index]
    var events: [Event] = []
    if gateway.trial != nil {
      events += [.pass(index, stored: true), .pass(index, stored: false)]
    }
    if case .allowed = gateway.breaker.admission(now: now) {
      events += [.call(index, .failure, stored: true), .call(index, .failure, stored: false)]
      if gateway.lasting.count < Self.capacity { events.append(.begin(index)) }
    }
    return events
  }

  /// How the answers that go on may end.
  func endings(_ index: Int) -> [Event] {
    gateways[index].lasting.indices.flatMap { position -> [Event] in
      [
        .end(index, position, .failure, stored: true),
        .end(index, position, .failure, stored: false),
        .end(index, position, .success(durationMs: 1), stored: true),
      ]
    }
  }

  /// When a trial began.
  func beginning(of token: TrialToken) -> Int64 {
    token.leaseUntil - settings.trialLease.milliseconds
  }

  /// A trial's answer goes well, and goes on.
  mutating func pass(_ token: TrialToken, at index: Int, stored: Bool) {
    var gateway = gateways[index]
    let decides = gateway.mayDecide(token)
    let before = gateway.breaker.snapshot
    let (permit, _) = gateway.breaker.pass(token, durationMs: 1, now: now, using: &generator)
    let after = gateway.breaker.snapshot
    if decides { gateway.evidence.proof = beginning(of: token) }
    if after.core.phase != .closed || before.core.phase != .closed { gateway.freshFailures = 0 }
    gateway.lasting.append(
      LastingAnswer(permit: permit, epoch: decides ? after.epoch : token.epoch))
    gateways[index] = gateway
    if stored, before != after { write(at: index) }
  }
}
