import State
import Synchronization
import TestSupport

@testable import Resilience

/// Gateways that share their breakers through one store.
struct BoardBench: Sendable {
  static let key = BreakerKey(.image, provider: "openai", model: "dall-e-3")

  let store: any StateStore
  let boards: [BreakerBoard]
  let observers: [CountingObserver]

  /// Starts `count` gateways. The store is reached through one that may lose or delay what it is
  /// asked.
  init(
    _ count: Int, over store: any StateStore = MemoryStore(),
    settings: BreakerSettings = BreakerSettings(), claimLimit: Duration = .seconds(10),
    keepTime: Duration = .seconds(100_000), upkeepInterval: Duration = .seconds(15)
  ) async {
    self.store = store
    observers = (0..<count).map { _ in CountingObserver() }
    boards = observers.enumerated().map { index, observer in
      var configuration = BreakerBoard.Configuration(owner: "gateway-\(index)") { _ in settings }
      configuration.claimLimit = claimLimit
      configuration.keepTime = keepTime
      configuration.upkeepInterval = upkeepInterval
      return BreakerBoard(configuration, store: store, observer: observer)
    }
    for board in boards { await board.start([Self.key], within: .seconds(20)) }
  }

  var breakers: [SharedBreaker] { boards.map { $0.breaker(Self.key) } }

  func close() { for board in boards { board.close() } }

  /// A failure of a call that the gateway lets pass.
  func fail(at index: Int) {
    let breaker = breakers[index]
    guard case .allowed(let permit) = breaker.admission() else { return }
    breaker.record(.failure, of: permit, reason: "timed_out")
  }

  func succeed(at index: Int) {
    let breaker = breakers[index]
    guard case .allowed(let permit) = breaker.admission() else { return }
    breaker.record(.success(durationMs: 1), of: permit)
  }

  /// Opens the breaker everywhere, and waits until all know it.
  func openEverywhere() async throws {
    while case .allowed = breakers[0].admission() { fail(at: 0) }
    try await eventually("everyone knows that it is open") {
      breakers.allSatisfy { breaker in
        if case .open = breaker.report.state { return true }
        return false
      }
    }
  }

  /// Opens the breaker everywhere, waits until nobody has anything to tell the store any more, and
  /// lets the time pass in which it is open.
  func openUntilTrial() async throws {
    try await openEverywhere()
    try await eventually("the store was told all") {
      breakers.allSatisfy { $0.report.isShared && $0.state.withLock { !$0.isPublishing } }
    }
    wait(800_000)
  }

  /// Moves the time of all gateways on.
  func wait(_ milliseconds: Int64) { store.clock.set(to: store.clock.now + milliseconds) }
}

/// Counts what it is told.
final class CountingObserver: BreakerObserver {
  private let seen = Mutex([Transition]())
  private let told = Mutex([String]())
  private let orders = Mutex([(BreakerCommand, String)]())

  var transitions: [Transition] { seen.withLock { $0 } }
  /// What was told of the store.
  var storeWords: [String] { told.withLock { $0 } }
  var commands: [(BreakerCommand, String)] { orders.withLock { $0 } }

  func breaker(_ key: BreakerKey, changed transition: Transition) {
    seen.withLock { $0.append(transition) }
  }
  func breaker(_ key: BreakerKey, command: BreakerCommand, by operator: String) {
    orders.withLock { $0.append((command, `operator`)) }
  }
  func store(isAvailable: Bool, reason: String?) {
    told.withLock { $0.append(isAvailable ? "there" : reason ?? "") }
  }
}
