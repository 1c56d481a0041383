import Resilience
import State
import Synchronization

/// A store that can be taken away, and given back.
final class FlakyStore: StateStore {
  private let inner: MemoryStore
  private let isUp = Mutex(true)
  private let listeners = Mutex([@Sendable (StateEvent) -> Void]())
  private let refusal = Mutex<StateError?>(nil)
  private let hangs = Mutex(false)
  /// Counts of before they were last lost are under other names.
  private let losses = Mutex(0)
  private let hook = Hook()
  private let changeHook = Hook()
  private let crowd = Mutex<(needed: Int, held: [FirstAnswer<Void>])>((0, []))

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

  /// Has everything that is to be written refused from now on, with this error; nil ends it.
  func refuse(_ error: StateError?) { refusal.withLock { $0 = error } }

  private func checkWriting() throws(StateError) {
    try check()
    if let error = refusal.withLock({ $0 }) { throw error }
  }

  /// Has the next operation done, and then this before anyone hears of it.
  func afterNext(_ body: @escaping @Sendable () async throws(StateError) -> Void) {
    hook.set(body)
  }

  /// Has this done before the next change of a value.
  func beforeNextChange(_ body: @escaping @Sendable () async throws(StateError) -> Void) {
    changeHook.set(body)
  }

  /// Loses what was counted, and says nothing of it.
  func loseCounts() { losses.withLock { $0 += 1 } }

  /// Has no reading answered until so many wait for their answers.
  func holdReadings(until count: Int) { crowd.withLock { $0 = (count, []) } }

  /// Readings that are still to come, or held.
  var heldReadings: Int { crowd.withLock(\.needed) }

  private func joinCrowd() async {
    let turn = FirstAnswer<Void>()
    let all = crowd.withLock { crowd -> [FirstAnswer<Void>] in
      guard crowd.needed > 0 else { return [turn] }
      crowd.held.append(turn)
      guard crowd.held.count == crowd.needed else { return [] }
      defer { crowd = (0, []) }
      return crowd.held
    }
    for turn in all { turn.give(()) }
    await turn.value
  }

  /// Has no reading or change of a value answered from now on.
  func hang() { hangs.withLock { $0 = true } }

  /// Tells that a part of it may have lost something.
  func replace() { for listener in listeners.withLock({ $0 }) { listener(.replaced) } }

  private func check() throws(StateError) {
    guard isAvailable else { throw StateError(.unavailable, "taken away") }
  }

  private func hangIfSo() async {
    if hangs.withLock({ $0 }) { try? await Task.sleep(for: .seconds(100_000)) }
  }

  private func done() async throws(StateError) { try await hook.take()?() }

  func get(_ key: StateKey) async throws(StateError) -> StoredValue? {
    try check()
    await hangIfSo()
    await joinCrowd()
    let value = try await inner.get(key)
    try await done()
    return value
  }
  func compareAndSet(
    _ key: StateKey, revision: Int64, to value: [UInt8], lifetime: Duration, announced: Bool
  ) async throws(StateError) -> CompareAndSetResult {
    try checkWriting()
    await hangIfSo()
    try await changeHook.take()?()
    let result = try await inner.compareAndSet(
      key, revision: revision, to: value, lifetime: lifetime, announced: announced)
    try await done()
    return result
  }
  func put(_ key: StateKey, _ value: [UInt8], lifetime: Duration) async throws(StateError) {
    try checkWriting()
    try await inner.put(key, value, lifetime: lifetime)
  }
  func remove(_ key: StateKey) async throws(StateError) {
    try checkWriting()
    try await inner.remove(key)
  }
  func count(
    _ key: StateKey, by member: String, _ told: PartCounts, over window: CountedWindow,
    lifetime: Duration
  ) async throws(StateError) -> [Int64] {
    try checkWriting()
    let key = StateKey(group: key.group, name: "\(key.name):\(losses.withLock { $0 })")
    let sums = try await inner.count(key, by: member, told, over: window, lifetime: lifetime)
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

/// What is done once.
private final class Hook: Sendable {
  typealias Body = @Sendable () async throws(StateError) -> Void
  private let body = Mutex<Body?>(nil)

  func set(_ body: @escaping Body) { self.body.withLock { $0 = body } }

  func take() -> Body? {
    body.withLock { body in
      defer { body = nil }
      return body
    }
  }
}
