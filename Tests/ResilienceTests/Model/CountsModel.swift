@testable import Resilience

/// What gateways count together in a store, and what they should have counted.
///
/// What is under way when a gateway ends is lost with it. The window is longer than any search.
struct CountsModel: Hashable {
  /// Failures in the store's window of each state, by who has counted them.
  var stored: [Epoch: [Int: Int]] = [:]
  /// Failures of calls that began in each state.
  var real: [Epoch: Int] = [:]
  /// A rule that was broken by counting.
  var problem: String?
}

/// What one gateway has to do with counting together.
struct CountingModel: Hashable {
  /// Failures of a state: all that the gateway has counted, or the sum of all gateways'.
  struct Message: Hashable {
    let epoch: Epoch
    let failures: Int
    /// What an answer is the answer to.
    var telling: OwnCounts.Telling?
  }

  var own = OwnCounts()
  /// How often the gateway has started anew, each time as somebody else.
  var member = 0
  /// On their way to the store, in no order.
  var commands: [Message] = []
  /// What the store has answered, on its way to here, in no order.
  var answers: [Message] = []
}

/// How far the count of a failure gets at once.
enum Delivery: CaseIterable {
  /// The store is away: nothing is told to it.
  case kept
  /// On its way to the store.
  case sent
  /// In the store, whose answer is on its way.
  case counted
  /// The store's answer has arrived.
  case answered
}

extension WorldModel {
  /// Notes that a call has failed.
  mutating func count(failureUnder epoch: Epoch, at index: Int) {
    guard counts != nil else { return }
    counts?.real[epoch, default: 0] += 1
    gateways[index].counting.own.add(
      CallCounts(calls: 1, failures: 1), in: 0, under: epoch,
      current: gateways[index].breaker.snapshot.epoch)
  }

  /// Tells the store what the gateway has counted, and asks for the sum.
  mutating func sendCounts(at index: Int, _ delivery: Delivery) {
    guard counts != nil else { return }
    guard delivery != .kept else { return }
    let breaker = gateways[index].breaker
    let current = breaker.snapshot.epoch
    // Within one part of the window, which is longer than any search.
    let tellings = gateways[index].counting.own.tellings(
      within: 0...0, current: current, evenIfNone: true)
    for telling in tellings {
      let command = CountingModel.Message(
        epoch: telling.epoch, failures: telling.parts[0]?.failures ?? 0, telling: telling)
      if delivery == .sent {
        gateways[index].counting.commands.append(command)
        continue
      }
      let answer = add(command, of: index)
      if delivery == .counted {
        gateways[index].counting.answers.append(answer)
      } else {
        hear(answer, at: index, stored: true)
      }
    }
  }

  /// Asks for the sum, where it matters.
  mutating func compareCounts(at index: Int) {
    guard gateways[index].breaker.snapshot.core.phase == .closed else { return }
    sendCounts(at: index, .answered)
  }

  /// The n-th command of a gateway reaches the store.
  mutating func countArrives(_ position: Int, at index: Int) {
    let command = gateways[index].counting.commands.remove(at: position)
    let answer = add(command, of: index)
    gateways[index].counting.answers.append(answer)
  }

  /// The n-th answer of the store reaches a gateway.
  mutating func sumArrives(_ position: Int, at index: Int, stored: Bool) {
    let answer = gateways[index].counting.answers.remove(at: position)
    hear(answer, at: index, stored: stored)
  }

  /// What is on its way never arrives.
  mutating func loseCounts(at index: Int) {
    let counting = gateways[index].counting
    guard !counting.commands.isEmpty || !counting.answers.isEmpty else { return }
    gateways[index].counting.commands = []
    gateways[index].counting.answers = []
  }

  /// What is on its way arrives.
  mutating func deliverCounts(at index: Int) {
    while !gateways[index].counting.commands.isEmpty { countArrives(0, at: index) }
    while !gateways[index].counting.answers.isEmpty { sumArrives(0, at: index, stored: true) }
  }

  /// The store loses all counts.
  mutating func loseAllCounts() { counts?.stored = [:] }

  /// What the store knows to be counted by a gateway, in each state.
  func storedCounts(of index: Int) -> [Epoch: Int] {
    (counts?.stored ?? [:]).compactMapValues { $0[member(index)] }
  }

  /// What those gateways that have not ended since have counted in a state.
  func ownFailures(under epoch: Epoch) -> Int {
    gateways.reduce(0) { sum, gateway in
      var own = gateway.counting.own
      let telling = own.tellings(within: 0...0, current: epoch, evenIfNone: true).last
      return sum + (telling?.parts[0]?.failures ?? 0)
    }
  }

  private func member(_ index: Int) -> Int {
    index + gateways[index].counting.member * gateways.count
  }

  private mutating func add(
    _ command: CountingModel.Message, of index: Int
  ) -> CountingModel.Message {
    let member = member(index)
    var counted = counts?.stored[command.epoch] ?? [:]
    counted[member] = max(counted[member] ?? 0, command.failures)
    counts?.stored[command.epoch] = counted
    return CountingModel.Message(
      epoch: command.epoch, failures: counted.values.reduce(0, +), telling: command.telling)
  }

  private mutating func hear(_ sum: CountingModel.Message, at index: Int, stored: Bool) {
    if let telling = sum.telling { gateways[index].counting.own.note(telling) }
    let total = CallCounts(calls: sum.failures, failures: sum.failures)
    let before = gateways[index].breaker.snapshot
    _ = gateways[index].breaker.absorb(total, under: sum.epoch, now: now, using: &generator)
    guard gateways[index].breaker.snapshot != before else { return }
    // Of the state that it leaves: what was counted in another one is over.
    let real = counts?.real[before.epoch] ?? 0
    if real < settings.failureCount ?? .max {
      counts?.problem = "\(gateways[index].owner) has opened after \(real) failures"
    }
    gateways[index].evidence.trip = now
    gateways[index].freshFailures = 0
    if stored { write(at: index) }
  }
}
