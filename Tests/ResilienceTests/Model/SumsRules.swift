@testable import Resilience

/// What must come of failures that gateways count together.
extension WorldModel {
  /// What decides what comes of them.
  struct SumsProspect: Hashable {
    let prospect: Prospect
    let counts: CountsModel
    let counting: [CountingModel]

    func hash(into hasher: inout Hasher) {
      hasher.combine(prospect)
      hasher.combine(counts)
      for gateway in counting {
        hasher.combine(gateway.commands)
        hasher.combine(gateway.answers)
      }
    }
  }

  /// Nil where there are not failures enough for anything to come of them.
  var sumsProspect: SumsProspect? {
    let limit = settings.failureCount ?? .max
    guard let counts, counts.real.values.contains(where: { $0 >= limit }) else { return nil }
    return SumsProspect(prospect: prospect, counts: counts, counting: gateways.map(\.counting))
  }

  /// Once everyone has exchanged what is known, nobody is closed in a state of which the store, or those
  /// who have not ended, have counted failures enough, whether what was on its way arrives or not; and nobody is open for
  /// ever by it.
  func brokenSums() -> String? {
    let isUnderWay = gateways.contains {
      !$0.counting.commands.isEmpty || !$0.counting.answers.isEmpty
    }
    for isLost in isUnderWay ? [true, false] : [false] {
      var world = self
      for index in gateways.indices {
        if isLost { world.loseCounts(at: index) } else { world.deliverCounts(at: index) }
      }
      for _ in 0..<2 {
        for index in gateways.indices { world = world.after(.sync(index)) }
      }
      let problem = world.counts?.problem ?? world.closedAgainstSums() ?? world.stuckTogether()
      if let problem { return problem + (isLost ? ", what was on its way being lost" : "") }
    }
    return nil
  }

  private func closedAgainstSums() -> String? {
    for gateway in gateways where gateway.breaker.snapshot.core.phase == .closed {
      let epoch = gateway.breaker.snapshot.epoch
      let stored = counts?.stored[epoch]?.values.reduce(0, +) ?? 0
      let failures = max(stored, ownFailures(under: epoch))
      if failures >= settings.failureCount ?? .max {
        return "\(gateway.owner) is closed though \(failures) failures were counted"
      }
    }
    return nil
  }
}
