import State
import Synchronization

/// A store that can be taken away, and given back.
final class FlakyStore: StateStore {
  private let inner: MemoryStore
  private let isUp = Mutex(true)
  private let listeners = Mutex([@Sendable (StateEvent) -> Void]())
  private let hook = Mutex<(@Sendable () async throws(StateError) -> Void)?>(nil)

  init(_ inner: MemoryStore = MemoryStore()) { self.inner = inner }

  var isAvailable: Bool { isUp.withLock { $0 } }
  var clock: SharedClock { inner.clock }
  var statistics: StateStatistics { inner.statistics }

  func setAvailable(_ available: Bool) {
    isUp.withLock { $0 = available }
    for listener in listeners.withLock({ $0 }) {
      listener(available ? .available : .unavailable("taken away"))
    }
  }

  /// Has the next operation done, and then this before anyone hears of it.
  func afterNext(_ body: @escaping @Sendable () async throws(StateError) -> Void) {
    hook.withLock { $0 = body }
  }

  /// Tells that a part of it may have lost something.
  func replace() { for listener in listeners.withLock({ $0 }) { listener(.replaced) } }

  private func check() throws(StateError) {
    guard isAvailable else { throw StateError(.unavailable, "taken away") }
  }

  private func done() async throws(StateError) {
    let body = hook.withLock { hook in
      defer { hook = nil }
      return hook
    }
    try await body?()
  }

  func get(_ key: StateKey) async throws(StateError) -> StoredValue? {
    try check()
    let value = try await inner.get(key)
    try await done()
    return value
  }
  func compareAndSet(
    _ key: StateKey, revision: Int64, to value: [UInt8], lifetime: Duration, announced: Bool
  ) async throws(StateError) -> CompareAndSetResult {
    try check()
    let result = try await inner.compareAndSet(
      key, revision: revision, to: value, lifetime: lifetime, announced: announced)
    try await done()
    return result
  }
  func put(_ key: StateKey, _ value: [UInt8], lifetime: Duration) async throws(StateError) {
    try check()
    try await inner.put(key, value, lifetime: lifetime)
  }
  func remove(_ key: StateKey) async throws(StateError) {
    try check()
    try await inner.remove(key)
  }
  func count(
    _ key: StateKey, bucket: Int64, window: Int64, adding: [Int64], lifetime: Duration
  ) async throws(StateError) -> [Int64] {
    try check()
    let sums = try await inner.count(
      key, bucket: bucket, window: window, adding: adding, lifetime: lifetime)
    try await done()
    return sums
  }
  func listen(_ listener: @escaping @Sendable (StateEvent) -> Void) {
    listeners.withLock { $0.append(listener) }
    inner.listen { event in
      if case .changed = event, self.isAvailable { listener(event) }
    }
    if isAvailable { listener(.available) }
  }
  func close() async { await inner.close() }
}
