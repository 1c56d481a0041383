@testable import Resilience

/// Visits every world that can be reached within some events, and goes on from each only once.
struct Search {
  private var frontier: [WorldModel]
  private var seen: Set<WorldModel>
  private var prospects: Set<WorldModel.Prospect> = []
  private var sumsProspects: Set<WorldModel.SumsProspect> = []
  /// The rule that was broken, and how.
  private(set) var problem: String?
  /// Worlds that the search went on from.
  private(set) var worlds = 0
  /// Events tried.
  private(set) var steps = 0
  /// Answers of the store by which a gateway opened.
  private(set) var openings = 0

  init(start: WorldModel) {
    frontier = [start]
    seen = [start]
  }

  mutating func run(depth: Int) {
    for left in stride(from: depth - 1, through: 0, by: -1) {
      var next: [WorldModel] = []
      for world in frontier {
        worlds += 1
        let events = world.events()
        // Where there are counts, worlds are many, and it pays to look for twins later on as well.
        let looksForTwins = left == depth - 1 || world.counts != nil
        for event in looksForTwins ? events.filter({ !world.isMirrored($0) }) : events {
          let after = world.after(event)
          steps += 1
          if case .sum = event, after.openCount > world.openCount { openings += 1 }
          if let problem = brokenRule(from: world, by: event, to: after) {
            self.problem = "\(problem) by \(event) with \(left) events left, from \(world)"
            return
          }
          // Worlds that nothing follows are checked, but needn't be told apart.
          if left > 0, seen.insert(after).inserted { next.append(after) }
        }
      }
      frontier = next
    }
  }

  private mutating func brokenRule(
    from world: WorldModel, by event: Event, to after: WorldModel
  ) -> String? {
    if let problem = world.brokenRule(by: event, to: after) ?? after.brokenRule() { return problem }
    if prospects.insert(after.prospect).inserted, let problem = after.brokenProspect() {
      return problem
    }
    guard let sums = after.sumsProspect, sumsProspects.insert(sums).inserted else { return nil }
    return after.brokenSums()
  }
}

extension WorldModel {
  /// Gateways that are not closed.
  fileprivate var openCount: Int {
    gateways.count { $0.breaker.snapshot.core.phase != .closed }
  }
}
