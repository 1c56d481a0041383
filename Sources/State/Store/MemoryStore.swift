internal import Synchronization

/// A store of this process, which ends with it: `memory:`. Also the measure for every other one.
///
/// Bounded: beyond `capacity` values, what would be forgotten first makes room.
package final class MemoryStore: StateStore {
  private struct Entry {
    var stored: StoredValue
    var expires: Int64
  }

  private struct Window {
    /// By the part's number and who has counted.
    var parts: [Int64: [String: [Int64]]] = [:]
    var expires: Int64 = 0
  }

  private struct Contents {
    var values: [StateKey: Entry] = [:]
    var windows: [StateKey: Window] = [:]
    var revision: Int64 = 0
    var listeners: [@Sendable (StateEvent) -> Void] = []
  }

  private let contents = Mutex(Contents())
  private let capacity: Int
  package let clock = SharedClock()
  package let statistics = StateStatistics()

  /// An empty store.
  /// - Parameter capacity: values, and windows, that are kept.
  package init(capacity: Int = 100_000) { self.capacity = max(1, capacity) }

  package var isAvailable: Bool { true }

  package func get(_ key: StateKey) async throws(StateError) -> StoredValue? {
    try key.check()
    let now = clock.now
    return contents.withLock { $0.values[key].flatMap { $0.expires > now ? $0.stored : nil } }
  }

  package func compareAndSet(
    _ key: StateKey, revision: Int64, to value: [UInt8], lifetime: Duration, announced: Bool
  ) async throws(StateError) -> CompareAndSetResult {
    try key.check(value)
    let now = clock.now
    let (result, listeners) = contents.withLock { contents in
      let current = contents.values[key].flatMap { $0.expires > now ? $0.stored : nil }
      guard (current?.revision ?? 0) == revision else {
        return (CompareAndSetResult.conflict(current), [] as [@Sendable (StateEvent) -> Void])
      }
      let stored = store(value, under: key, lifetime, now, &contents)
      return (.stored(revision: stored.revision), announced ? contents.listeners : [])
    }
    if case .stored(let revision) = result {
      let event = StateEvent.changed(key, StoredValue(revision: revision, value: value))
      for listener in listeners { listener(event) }
    }
    return result
  }

  package func put(
    _ key: StateKey, _ value: [UInt8], lifetime: Duration
  ) async throws(StateError) {
    try key.check(value)
    let now = clock.now
    contents.withLock { contents in
      _ = store(value, under: key, lifetime, now, &contents)
    }
  }

  private func store(
    _ value: [UInt8], under key: StateKey, _ lifetime: Duration, _ now: Int64,
    _ contents: inout Contents
  ) -> StoredValue {
    contents.revision += 1
    let stored = StoredValue(revision: contents.revision, value: value)
    contents.values[key] = Entry(stored: stored, expires: now + lifetime.lifetimeMilliseconds)
    if contents.values.count > capacity {
      Self.makeRoom(&contents.values, capacity, now) { $0.expires }
    }
    return stored
  }

  package func remove(_ key: StateKey) async throws(StateError) {
    try key.check()
    contents.withLock { _ = $0.values.removeValue(forKey: key) }
  }

  package func count(
    _ key: StateKey, by member: String, _ told: PartCounts, over window: CountedWindow,
    lifetime: Duration
  ) async throws(StateError) -> [Int64] {
    try key.check()
    let told = try window.checked(told, by: member)
    let now = clock.now
    return contents.withLock { contents in
      var entry = contents.windows[key] ?? Window()
      if entry.expires <= now { entry.parts = [:] }
      for (number, counts) in told {
        entry.parts[number, default: [:]][member, default: []].raise(to: counts)
      }
      entry.parts = entry.parts.filter { window.kept.contains($0.key) }
      entry.expires = now + lifetime.lifetimeMilliseconds
      contents.windows[key] = entry
      if contents.windows.count > capacity {
        Self.makeRoom(&contents.windows, capacity, now) { $0.expires }
      }
      var sums = [Int64](repeating: 0, count: window.counters)
      for (number, members) in entry.parts where window.numbers.contains(number) {
        for counts in members.values { sums.add(counts) }
      }
      return sums
    }
  }

  package func listen(_ listener: @escaping @Sendable (StateEvent) -> Void) {
    contents.withLock { $0.listeners.append(listener) }
    listener(.available)
  }

  package func close() async { contents.withLock { $0 = Contents() } }

  // MARK: Bounds

  /// Drops what is over, and where that is not enough a tenth of what ends first.
  private static func makeRoom<Entry>(
    _ entries: inout [StateKey: Entry], _ capacity: Int, _ now: Int64,
    _ expires: (Entry) -> Int64
  ) {
    entries = entries.filter { expires($0.value) > now }
    guard entries.count > capacity else { return }
    let ordered = entries.sorted { expires($0.value) < expires($1.value) }
    for (key, _) in ordered.prefix(entries.count - capacity + capacity / 10) {
      entries.removeValue(forKey: key)
    }
  }
}

extension [Int64] {
  /// Adds number by number.
  fileprivate mutating func add(_ other: [Int64]) {
    for (index, number) in zip(indices, other) {
      self[index] = CountedWindow.sum(self[index], number)
    }
  }

  /// Raises number by number; a shorter list grows.
  fileprivate mutating func raise(to other: [Int64]) {
    for (index, number) in other.enumerated() {
      if index < count { self[index] = Swift.max(self[index], number) } else { append(number) }
    }
  }
}
