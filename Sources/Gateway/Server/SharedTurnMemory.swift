internal import Images
internal import State
internal import Synchronization
internal import ToolLoop

/// A memory of turns that all gateways of a state store have in common. What this gateway remembers
/// itself is found without the store; a store that is away costs a conversation the call, and no
/// request.
final class SharedTurnMemory: TurnMemory {
  private let local: LocalTurnMemory
  private let store: BriefStore
  private let lifetime: Duration
  /// Turns that the store was asked for and did not have: those of clients that call tools of their
  /// own alone, who send them again with each request.
  private let absent = Mutex(RecentKeys(capacity: 20_000))

  /// - Parameter lifetime: of each turn.
  init(_ store: BriefStore, lifetime: Duration = .seconds(3600)) {
    self.store = store
    self.lifetime = lifetime
    local = LocalTurnMemory(lifetime: lifetime)
  }

  /// A digest: the scope is a client's credential.
  private static func key(_ scope: String, _ callIDs: [String]) -> StateKey {
    let text = ([scope] + callIDs.sorted()).joined(separator: "\u{0}")
    return StateKey(group: "turn:\(Digest.hex(Digest.sha256(Array(text.utf8))))", name: "calls")
  }

  func remember(_ turn: RememberedTurn, scope: String, callIDs: [String]) async {
    await local.remember(turn, scope: scope, callIDs: callIDs)
    let key = Self.key(scope, callIDs)
    absent.withLock { $0.remove(key.group) }
    // Waited for, so that the client's next request finds it wherever it goes.
    _ = await store.ask { [lifetime] store throws(StateError) in
      try await store.put(key, turn.json, lifetime: lifetime)
    }
  }

  func recall(scope: String, turns: [[String]]) async -> [RememberedTurn?] {
    var known = await local.recall(scope: scope, turns: turns)
    let keys = turns.map { Self.key(scope, $0) }
    let open = absent.withLock { absent in
      known.indices.filter { known[$0] == nil && !absent.contains(keys[$0].group) }
    }
    guard !open.isEmpty else { return known }
    // All of them in the time that a request has, however many there are.
    let answer = await store.ask { store throws(StateError) in
      var values: [StoredValue?] = []
      for index in open { values.append(try await store.get(keys[index])) }
      return values
    }
    for (index, value) in zip(open, answer ?? []) {
      known[index] = value.flatMap { RememberedTurn(json: $0.value) }
      if let turn = known[index] {
        await local.remember(turn, scope: scope, callIDs: turns[index])
      } else {
        absent.withLock { $0.insert(keys[index].group) }
      }
    }
    return known
  }
}

/// Keys that are kept for a while; the oldest make room.
private struct RecentKeys {
  /// What was written meanwhile is seen after this long.
  private static let lifetime = Duration.seconds(60)

  let capacity: Int
  private var keys: [String: ContinuousClock.Instant] = [:]
  private var order: [String] = []
  private var oldest = 0

  init(capacity: Int) { self.capacity = capacity }

  func contains(_ key: String) -> Bool { keys[key].map { $0 > .now } ?? false }

  mutating func insert(_ key: String) {
    guard keys.updateValue(.now + Self.lifetime, forKey: key) == nil else { return }
    if order.count < capacity {
      order.append(key)
    } else {
      keys[order[oldest]] = nil
      order[oldest] = key
      oldest = (oldest + 1) % capacity
    }
  }

  mutating func remove(_ key: String) { keys[key] = nil }
}
