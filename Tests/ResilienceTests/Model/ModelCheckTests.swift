import Testing

@testable import Resilience

@Suite("Every interleaving of gateways that share a breaker")
struct ModelCheckTests {
  enum Start: String, CaseIterable, Sendable {
    /// Nothing has happened.
    case fresh
    /// One gateway opened and told only the store; the time for a trial has come.
    case due
    /// The first gateway makes a trial, and only the store knows.
    case trying
    /// The same with an open time that is shorter than the lease.
    case tryingImpatiently
  }

  @Test(arguments: Start.allCases) func keepsTheRules(start: Start) {
    var search = Search(start: world(start))
    search.run(depth: 4)
    #expect(search.problem == nil)
    #expect(search.worlds > 1000)
    print("\(start): \(search.worlds) worlds, \(search.steps) steps")
  }

  private func world(_ start: Start) -> WorldModel {
    var settings = BreakerSettings()
    settings.failureCount = start == .fresh ? 2 : 1
    settings.window = .seconds(86_400)
    settings.windowBuckets = 10
    settings.openTime = .seconds(start == .tryingImpatiently ? 1 : 100)
    settings.trialLease = .seconds(30)
    settings.openTimeJitter = 0
    var world = WorldModel(gateways: 3, settings: settings)
    if start == .fresh { return world }
    world = world.after(.call(0, .failure, stored: true)).after(.wait)
    if start == .due { return world }
    return world.after(.claim(0)).after(.answer(0))
  }
}

/// Visits every world that can be reached within some events, each once.
struct Search {
  private var frontier: [WorldModel]
  private var seen: Set<WorldModel>
  private(set) var problem: String?
  private(set) var worlds = 0
  private(set) var steps = 0

  init(start: WorldModel) {
    frontier = [start]
    seen = [start]
  }

  mutating func run(depth: Int) {
    for left in stride(from: depth, through: 1, by: -1) {
      var next: [WorldModel] = []
      for world in frontier {
        for event in world.events() {
          let after = world.after(event)
          steps += 1
          problem = world.brokenRule(by: event, to: after)
          if problem == nil, seen.insert(after).inserted {
            worlds += 1
            problem = after.brokenRule()
            if left > 1 { next.append(after) }
          }
          if let problem {
            self.problem = "\(problem) by \(event) with \(left - 1) events left, from \(world)"
            return
          }
        }
      }
      frontier = next
    }
  }
}
