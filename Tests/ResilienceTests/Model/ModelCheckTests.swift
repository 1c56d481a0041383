import Testing

@testable import Resilience

@Suite("Every interleaving of gateways that share a breaker")
struct ModelCheckTests {
  enum Start: String, CaseIterable, Sendable {
    /// Nothing has happened.
    case fresh
    /// One gateway opened and told only the store; the time for a trial has come. What happens now
    /// happens within the same millisecond.
    case due
    /// The same, and two have asked for the trial with the same number: one makes it, the other has
    /// given its claim up.
    case contested
    /// The first gateway makes a trial, and only the store knows.
    case trying
    /// The same with an open time that is shorter than the lease.
    case tryingImpatiently
  }

  @Test(arguments: Start.allCases) func keepsTheRules(start: Start) {
    var search = Search(start: world(start))
    search.run(depth: 4)
    #expect(search.problem == nil)
    // A search that never gets anywhere would prove nothing.
    #expect(search.steps > 15_000)
  }

  @Test("where operators reset it, at a gateway that others do not hear of")
  func keepsTheRulesAfterResets() {
    var search = Search(start: world(.fresh, isReset: true))
    search.run(depth: 3)
    #expect(search.problem == nil)
    #expect(search.steps > 5000)
    var later = Search(start: world(.tryingImpatiently, isReset: true))
    later.run(depth: 4)
    #expect(later.problem == nil)
    #expect(later.steps > 10_000)
  }

  enum CountingStart: String, CaseIterable, Sendable {
    /// Nothing has happened, and two failures are enough.
    case fresh
    /// The same where it takes three.
    case three
    /// A breaker has opened and closed again; only the first gateway has heard of any of it.
    case again
  }

  @Test("where failures at all of them are counted together", arguments: CountingStart.allCases)
  func countsTogether(start: CountingStart) async throws {
    var search = Search(start: try world(start))
    search.run(depth: 4)
    #expect(search.problem == nil)
    #expect(search.steps > 15_000)
    #expect(search.openings > 50, "breakers that only the sum opens")
  }

  private func world(_ start: CountingStart) throws -> WorldModel {
    var settings = BreakerSettings()
    settings.failureCount = start == .three ? 3 : 2
    settings.window = .seconds(86_400)
    settings.windowBuckets = 10
    settings.openTime = .seconds(100)
    settings.trialLease = .seconds(30)
    settings.openTimeJitter = 0
    var world = WorldModel(gateways: 3, settings: settings, tick: 1, countsTogether: true)
    guard start == .again else { return world }
    for event: Event in [
      .failure(1, .answered), .failure(0, .answered), .wait, .claim(0), .answer(0),
      .trial(0, .success(durationMs: 1), stored: true),
    ] {
      world = world.after(event)
    }
    try #require(world.gateways[0].breaker.snapshot.core.phase == .closed)
    try #require(world.gateways[0].breaker.snapshot.core.number > 0)
    for index in world.gateways.indices {
      world.gateways[index].inbox = []
      // The others are in the state from before anything happened: their calls are such, too.
      world.gateways[index].early = nil
    }
    return world
  }

  private func world(_ start: Start, isReset: Bool = false) -> WorldModel {
    var settings = BreakerSettings()
    settings.failureCount = start == .fresh && !isReset ? 2 : 1
    settings.window = .seconds(86_400)
    settings.windowBuckets = 10
    settings.openTime = .seconds(start == .tryingImpatiently ? 1 : 100)
    settings.trialLease = .seconds(30)
    settings.openTimeJitter = 0
    var world = WorldModel(
      gateways: 3, settings: settings, tick: [.due, .contested].contains(start) ? 0 : 1,
      isReset: isReset)
    if start == .fresh { return world }
    world = world.after(.call(0, .failure, stored: true)).after(.wait)
    if start == .due { return world }
    if start == .contested {
      world = world.after(.sync(1)).after(.claim(0)).after(.claim(1))
      return world.after(.answer(0)).after(.giveUp(1))
    }
    return world.after(.claim(0)).after(.answer(0))
  }
}
