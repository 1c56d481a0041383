import SeededRandom
import Testing

@testable import Resilience

/// Deeper than any search gets, though not everywhere.
@Suite("A random walk of gateways whose answers go on for any time")
struct WorldWalkTests {
  /// So many walks, of so many events each.
  private static let (walks, length) = (200, 80)

  @Test(arguments: 1...4) func keepsTheRules(seed: UInt64) { walk(seed) }

  @Test("also where operators reset the breaker", arguments: [6, 7])
  func keepsTheRulesAfterResets(seed: UInt64) { walk(seed, isReset: true) }

  private func walk(_ seed: UInt64, isReset: Bool = false) {
    var generator = SeededGenerator(seed)
    var (closings, late, passed) = (0, 0, 0)
    for walk in 0..<Self.walks {
      var world = Self.world(seed, isReset)
      for step in 0..<Self.length {
        let event = world.randomEvent(using: &generator)
        var after = world.after(event)
        if let problem = world.brokenRule(by: event, to: after) ?? after.brokenRule()
          ?? (step.isMultiple(of: 4) ? after.brokenProspect() : nil)
        {
          Issue.record("seed \(seed), walk \(walk), step \(step): \(problem) by \(event)")
          return
        }
        if after.closedCount > world.closedCount { closings += 1 }
        switch event {
        case .trial(let index, _, _):
          if let token = world.gateways[index].trial, token.leaseUntil <= after.now { late += 1 }
        case .end(let index, let position, _, _):
          if case .trial = world.gateways[index].lasting[position].permit { late += 1 }
        case .pass: passed += 1
        default: break
        }
        after.loseNews(using: &generator)
        world = after
      }
    }
    // A walk that never gets anywhere would prove nothing.
    let factor = isReset ? 2 : 1
    #expect(closings * factor > 150)
    #expect(late * factor > 20)
    #expect(passed * factor > 50)
  }

  private static func world(_ seed: UInt64, _ isReset: Bool) -> WorldModel {
    var settings = BreakerSettings()
    settings.failureCount = seed.isMultiple(of: 2) ? 2 : 1
    settings.window = .seconds(86_400)
    settings.windowBuckets = 10
    settings.openTime = .seconds((seed - 1) % 4 > 1 ? 100 : 1)
    settings.trialLease = .seconds(30)
    settings.openTimeJitter = 0
    return WorldModel(
      gateways: 3, settings: settings, tick: 1, answersLast: true, isReset: isReset)
  }
}

extension WorldModel {
  fileprivate var closedCount: Int {
    gateways.count { $0.breaker.snapshot.core.phase == .closed }
  }

  /// One of ``events()``. Gateways seldom crash, and breakers are seldom reset: most of what is under
  /// way would end so.
  fileprivate func randomEvent(using generator: inout some RandomNumberGenerator) -> Event {
    let events = events()
    let event = events.randomElement(using: &generator) ?? .wait
    switch event {
    case .crash, .reset, .giveUp:
      let isSeldom = Int.random(in: 0..<10, using: &generator) > 0
      return isSeldom ? randomEvent(using: &generator) : event
    default: return event
    }
  }

  /// Of news that nobody comes for some is lost, so that the rest is still news.
  fileprivate mutating func loseNews(using generator: inout some RandomNumberGenerator) {
    for index in gateways.indices {
      while gateways[index].inbox.count > 3 {
        gateways[index].inbox.remove(at: Int.random(in: 0...3, using: &generator))
      }
    }
  }
}
