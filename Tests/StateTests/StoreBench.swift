import EventLoop
import Foundation
import State
import Synchronization
import TestSupport
import Testing

/// Every kind of store, each as real as it gets.
enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case memory, sqlite, redis, socket

  var testDescription: String { rawValue }

  /// Opens a store, waits until it is there, runs `body`, and closes everything.
  func with(_ body: @Sendable (any StateStore, StoreEvents) async throws -> Void) async throws {
    let group = EventLoopGroup(count: 1)
    let folder = try TemporaryFolder.make("state")
    defer { try? FileManager.default.removeItem(at: folder) }
    var server: RedisProcess?
    let url: String
    switch self {
    case .memory: url = "memory:"
    case .sqlite: url = "sqlite:\(folder.path)/state/easel.db"
    case .redis:
      let process = try await RedisProcess.start()
      (server, url) = (process, process.url + "?timeout=5s")
    case .socket:
      let process = try await RedisProcess.start()
      (server, url) = (process, "unix://\(process.socket)?timeout=5s")
    }
    let store = try await StateStores.open(StateURL(parsing: url), on: group.loops[0])
    let events = StoreEvents()
    store.listen(events.add)
    try await eventually("the store is there") { store.isAvailable && events.contains(.available) }
    try await body(store, events)
    await store.close()
    await group.shutdown()
    server?.kill()
  }
}

/// Opens the store of a URL on a loop of its own, and closes it afterwards.
func withStore(
  _ url: String, _ body: @Sendable (any StateStore, StoreEvents) async throws -> Void
) async throws {
  let group = EventLoopGroup(count: 1)
  let store = try await StateStores.open(StateURL(parsing: url), on: group.loops[0])
  let events = StoreEvents()
  store.listen(events.add)
  try await body(store, events)
  await store.close()
  await group.shutdown()
}

/// What a store has told.
final class StoreEvents: Sendable {
  private let events = Mutex([StateEvent]())

  var all: [StateEvent] { events.withLock { $0 } }
  @Sendable func add(_ event: StateEvent) { events.withLock { $0.append(event) } }
  func contains(_ event: StateEvent) -> Bool { all.contains(event) }
  func contains(where isWanted: (StateEvent) -> Bool) -> Bool { all.contains(where: isWanted) }
  func count(where isWanted: (StateEvent) -> Bool) -> Int { all.filter(isWanted).count }
}

extension StateKey {
  static let breaker = StateKey(group: "breaker:image/openai/dall-e-3", name: "state")
}

extension StateStore {
  /// Writes under a revision, and tells nobody.
  func set(
    _ key: StateKey, _ value: [UInt8], ifRevision revision: Int64
  ) async throws -> CompareAndSetResult {
    try await compareAndSet(
      key, revision: revision, to: value, lifetime: .seconds(600), announced: false)
  }

  /// Writes as if nobody else did.
  func write(_ key: StateKey = .breaker, _ value: [UInt8]) async throws {
    for _ in 0..<100 {
      let current = try await get(key)
      let result = try await compareAndSet(
        key, revision: current?.revision ?? 0, to: value, lifetime: .seconds(600),
        announced: true)
      if case .stored = result { return }
    }
    throw TestError("others write without end")
  }
}
