@testable import Resilience

extension BreakerSnapshot {
  /// Whether the breaker was reset after what it was before.
  func isNew(since before: BreakerSnapshot) -> Bool {
    generation > before.generation && before.core.number <= generation
  }
}

/// What must hold in every world.
extension WorldModel {
  /// The rule that this world breaks, if any; apart from those on what can become of it.
  func brokenRule() -> String? {
    (isReset ? nil : tooManyTrials() ?? keptOut()) ?? closedAgainstEvidence() ?? notCooling()
      ?? counts?.problem
  }

  /// The rule on its future that this world breaks, if any. It depends on the ``Prospect`` alone.
  /// (What comes of counts is looked at apart: see ``brokenSums()``.)
  func brokenProspect() -> String? {
    var world = self
    world.counts = nil
    let problem = world.stuckAlone() ?? world.stuckTogether()
    guard problem == nil, answersLast else { return problem }
    return world.stuckTogether(answersLast: true).map { $0 + ", where answers outlast leases" }
  }

  /// What decides whether a world gets stuck.
  struct Prospect: Hashable {
    let now: Int64
    let snapshots: [BreakerSnapshot]
    let pending: [Int64]

    func hash(into hasher: inout Hasher) {
      hasher.combine(now)
      for snapshot in snapshots {
        hasher.combine(snapshot.core.number)
        hasher.combine(snapshot.coolingUntil)
      }
    }
  }

  var prospect: Prospect {
    Prospect(
      now: now, snapshots: gateways.map(\.breaker.snapshot) + [stored ?? BreakerSnapshot()],
      pending: gateways.map(\.breaker.claimPendingUntil))
  }

  /// Never two trials whose leases both hold, whether or not their results would count.
  private func tooManyTrials() -> String? {
    let running = gateways.flatMap(\.trials).filter { now < $0.leaseUntil }
    return running.count > 1 ? "\(running.count) trials at once" : nil
  }

  /// Whoever is closed has no failures enough to open, and has heard of no opening that wasn't
  /// followed by the beginning of a trial which succeeded.
  private func closedAgainstEvidence() -> String? {
    for gateway in gateways where gateway.breaker.snapshot.core.phase == .closed {
      if gateway.freshFailures >= settings.failureCount ?? .max {
        return "\(gateway.owner) is closed after \(gateway.freshFailures) failures"
      }
      if gateway.evidence.isAgainstCalls {
        return "\(gateway.owner) is closed though the provider broke after the last proof"
      }
    }
    if stored?.core.phase == .closed, storeEvidence.isAgainstCalls {
      return "the store is closed though the provider broke after the last proof"
    }
    return nil
  }

  /// Who has heard that the provider asks to be left alone, and of no reset since, leaves it alone.
  private func notCooling() -> String? {
    for gateway in gateways
    where gateway.evidence.coolingUntil > max(now, gateway.breaker.snapshot.coolingUntil) {
      return "\(gateway.owner) forgot to cool down"
    }
    return nil
  }

  /// A gateway that never hears of anything again gets to a trial (or to calls) with time.
  private func stuckAlone() -> String? {
    for gateway in gateways {
      if case .refused(let reason, let until) = gateway.breaker.admission(now: now + 10_000_000) {
        return "\(gateway.owner) is refused for \(reason) until \(until ?? 0)"
      }
    }
    return nil
  }

  /// As long as nobody has died, whoever is known to have the trial makes it, waits for the store's word
  /// on it, or will give it back: a claim whose answer was lost costs no lease.
  private func keptOut() -> String? {
    let lease = (gateways.map(\.breaker.snapshot) + [stored].compactMap { $0 }).map(\.trial).max()
    guard let lease, lease.isHeld(now: now),
      !gateways.contains(where: { $0.owner.hasSuffix("'") })
    else { return nil }
    let isKnown = gateways.contains { gateway in
      (gateway.trials + gateway.breaker.givenUp + [gateway.answer?.claim.token].compactMap { $0 })
        .contains { $0.epoch.number == lease.number && $0.owner == lease.owner }
    }
    return isKnown ? nil : "nobody makes the trial \(lease.number), and all wait for it"
  }

  /// Once the store can be reached, the provider works and time passes, all agree on closed.
  /// - Parameter answersLast: whether answers go on for longer than any lease.
  func stuckTogether(answersLast: Bool = false) -> String? {
    var world = self
    for index in gateways.indices {
      // Trials that run end without saying anything, answers on their way are lost.
      world.gateways[index].trial = nil
      world.gateways[index].lasting = []
      world.gateways[index].answer = nil
      world = world.after(.sync(index))
    }
    for _ in 0..<8 {
      guard let deadline = world.nextDeadline else { break }
      world.now = deadline
    }
    for index in gateways.indices { world = world.after(.sync(index)) }
    for index in gateways.indices
    where world.gateways[index].breaker.admission(now: world.now) == .trialAvailable {
      world = world.after(.claim(index)).after(.answer(index))
      guard world.gateways[index].trial != nil else { return "no trial for \(index) in the end" }
      guard answersLast else {
        world = world.after(.trial(index, .success(durationMs: 1), stored: true))
        break
      }
      world = world.after(.pass(index, stored: true))
      world.now += 2 * settings.trialLease.milliseconds
      break
    }
    for index in gateways.indices { world = world.after(.sync(index)) }
    let final = Set(world.gateways.map(\.breaker.snapshot.core))
    guard final.count == 1, final.first?.phase == .closed else { return "in the end: \(final)" }
    return nil
  }

  /// What `event` must not have done on the way to `next`.
  func brokenRule(by event: Event, to next: WorldModel) -> String? {
    guard case .crash(let crashed) = event else {
      return brokenStep(by: event, to: next, except: nil)
    }
    return brokenStep(by: event, to: next, except: crashed)
  }

  private func brokenStep(by event: Event, to next: WorldModel, except: Int?) -> String? {
    for (index, gateway) in gateways.enumerated() where index != except {
      let (before, after) = (gateway.breaker.snapshot, next.gateways[index].breaker.snapshot)
      let wasReset = after.generation > before.generation
      if !wasReset, before.coolingUntil > next.now, after.coolingUntil < before.coolingUntil {
        return "\(gateway.owner)'s cool-down became shorter"
      }
      if !after.isNew(since: before), after.core.number < before.core.number {
        return "\(gateway.owner) went back"
      }
      guard event.gateway == index, counts == nil || before.core.phase != .closed,
        let (permit, epoch) = gateway.ending(by: event),
        !gateway.mayDecide(permit, of: epoch)
      else { continue }
      // All that may have come by it is what the store knew.
      let heard = before.merged(with: stored ?? before, now: next.now).core
      if after.core != before.core, after.core != heard {
        return "a call that is over, or from before, changed \(gateway.owner)"
      }
    }
    return nil
  }
}
