internal import Synchronization

/// The gateway's part of a turn in which the client's tools were called too.
package struct RememberedTurn: Sendable {
  /// The calls with their results, as JSON.
  package let calls: [(call: ToolCall, result: [UInt8])]

  /// The calls with their results, as JSON.
  package init(calls: [(call: ToolCall, result: [UInt8])]) { self.calls = calls }
}

/// Remembers turns until the client comes back with the results of its own calls.
///
/// Forgetting degrades the conversation by one call; it never is an error.
package protocol TurnMemory: Sendable {
  /// Keeps a turn for an hour.
  /// - Parameters:
  ///   - scope: whose conversation it is.
  ///   - callIDs: the ids of the client's calls in it.
  func remember(_ turn: RememberedTurn, scope: String, callIDs: [String]) async
  /// The turns of a conversation, each by the ids of all calls of the client that were made in it;
  /// nil for those that are not remembered.
  func recall(scope: String, turns: [[String]]) async -> [RememberedTurn?]
}

/// A memory of this process, bounded in number and time.
package final class LocalTurnMemory: TurnMemory {
  private struct State {
    var turns: [String: (turn: RememberedTurn, expires: ContinuousClock.Instant)] = [:]
    var order: [String] = []
  }

  private let state = Mutex(State())
  private let capacity: Int
  private let lifetime: Duration

  /// - Parameters:
  ///   - capacity: turns; the oldest makes room.
  ///   - lifetime: of each.
  package init(capacity: Int = 10_000, lifetime: Duration = .seconds(3600)) {
    self.capacity = capacity
    self.lifetime = lifetime
  }

  private static func key(_ scope: String, _ callIDs: [String]) -> String {
    scope + "\u{0}" + callIDs.sorted().joined(separator: "\u{0}")
  }

  package func remember(_ turn: RememberedTurn, scope: String, callIDs: [String]) async {
    let key = Self.key(scope, callIDs)
    let expires = ContinuousClock.now + lifetime
    state.withLock { state in
      if state.turns.updateValue((turn, expires), forKey: key) == nil { state.order.append(key) }
      if state.order.count > capacity { state.turns[state.order.removeFirst()] = nil }
    }
  }

  package func recall(scope: String, turns: [[String]]) async -> [RememberedTurn?] {
    let keys = turns.map { Self.key(scope, $0) }
    return state.withLock { state in
      keys.map { key in
        guard let entry = state.turns[key], entry.expires > .now else { return nil }
        return entry.turn
      }
    }
  }
}
