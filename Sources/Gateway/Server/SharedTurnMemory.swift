internal import Images
internal import State
internal import Synchronization
internal import ToolLoop

/// A memory of turns that all gateways of a state store have in common. What this gateway remembers
/// itself is found without the store; a store that is away costs a conversation the call, and no
/// request.
final class SharedTurnMemory: TurnMemory {
  private let local: LocalTurnMemory
  private let store: any StateStore
  private let lifetime: Duration
  /// Turns that the store was asked for and did not have: those of clients that call tools of their
  /// own alone, who send them again with each request.
  private let absent = Mutex(RecentKeys(capacity: 20_000))

  /// - Parameter lifetime: of each turn.
  init(_ store: any StateStore, lifetime: Duration = .seconds(3600)) {
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
    try? await store.put(key, turn.json, lifetime: lifetime)
  }

  func recall(scope: String, callIDs: [String]) async -> RememberedTurn? {
    if let turn = await local.recall(scope: scope, callIDs: callIDs) { return turn }
    let key = Self.key(scope, callIDs)
    guard store.isAvailable, !absent.withLock({ $0.contains(key.group) }) else { return nil }
    do throws(StateError) {
      guard let stored = try await store.get(key), let turn = RememberedTurn(json: stored.value)
      else {
        absent.withLock { $0.insert(key.group) }
        return nil
      }
      await local.remember(turn, scope: scope, callIDs: callIDs)
      return turn
    } catch {
      return nil
    }
  }
}

/// A set of keys of which the oldest make room.
private struct RecentKeys {
  let capacity: Int
  private var keys: Set<String> = []
  private var order: [String] = []
  private var oldest = 0

  init(capacity: Int) { self.capacity = capacity }

  func contains(_ key: String) -> Bool { keys.contains(key) }

  mutating func insert(_ key: String) {
    guard keys.insert(key).inserted else { return }
    if order.count < capacity {
      order.append(key)
    } else {
      keys.remove(order[oldest])
      order[oldest] = key
      oldest = (oldest + 1) % capacity
    }
  }

  mutating func remove(_ key: String) { keys.remove(key) }
}
