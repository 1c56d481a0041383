/// Visits every world that can be reached within some events, and goes on from each only once.
struct Search {
  private var frontier: [WorldModel]
  private var seen: Set<WorldModel>
  private var prospects: Set<WorldModel.Prospect> = []
  /// The rule that was broken, and how.
  private(set) var problem: String?
  /// Worlds that the search went on from.
  private(set) var worlds = 0
  /// Events tried.
  private(set) var steps = 0
  /// Events by which a gateway opened that had not failures enough by itself.
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
        for event in left == depth - 1 ? events.filter({ !world.isMirrored($0) }) : events {
          let after = world.after(event)
          steps += 1
          if after.counts?.openings ?? 0 > world.counts?.openings ?? 0 { openings += 1 }
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
    return prospects.insert(after.prospect).inserted ? after.brokenProspect() : nil
  }
}
