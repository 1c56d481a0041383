import Testing

@testable import Resilience

@Suite("Every interleaving of gateways whose upstream answers for longer than a lease")
struct LastingAnswersTests {
  enum Start: String, CaseIterable, Sendable {
    /// The first gateway's trial goes on though its lease is over; only the store knows of it.
    case outlasting
    /// The same, and another gateway has begun the next trial.
    case overtaken
    /// The first gateway's trial has passed, and its answer goes on; only the store knows.
    case passed
    /// The same where it takes two failures to open, a second answer goes on at the first gateway,
    /// and one at another gateway that knows as much.
    case answering
    /// The first gateway has taken the next trial itself, while its last one goes on.
    case twice
  }

  @Test(arguments: Start.allCases, [Int64(1), 100])
  func keepsTheRules(start: Start, openSeconds: Int64) throws {
    var search = Search(start: try world(start, openSeconds))
    search.run(depth: 4)
    #expect(search.problem == nil)
    // A search that never gets anywhere would prove nothing.
    #expect(search.steps > 15_000)
  }

  private func world(_ start: Start, _ openSeconds: Int64) throws -> WorldModel {
    var settings = BreakerSettings()
    settings.failureCount = start == .answering ? 2 : 1
    settings.window = .seconds(86_400)
    settings.windowBuckets = 10
    settings.openTime = .seconds(openSeconds)
    settings.trialLease = .seconds(30)
    settings.openTimeJitter = 0
    var world = WorldModel(gateways: 3, settings: settings, tick: 1, answersLast: true)
    for index in world.gateways.indices { world.gateways[index].early = nil }
    let opening: [Event] = (0..<(settings.failureCount ?? 0)).map { _ in
      .call(0, .failure, stored: true)
    }
    for event in opening + [.wait, .claim(0), .answer(0)] + Self.events(start) {
      world = world.after(event)
    }
    try #require(world.gateways[0].trial != nil || !world.gateways[0].lasting.isEmpty)
    return world
  }

  private static func events(_ start: Start) -> [Event] {
    switch start {
    case .outlasting: [.wait]
    case .overtaken: [.wait, .sync(1), .claim(1), .answer(1)]
    case .passed: [.pass(0, stored: true)]
    case .answering: [.pass(0, stored: true), .begin(0), .sync(1), .begin(1)]
    case .twice: [.wait, .claim(0), .answer(0)]
    }
  }
}
