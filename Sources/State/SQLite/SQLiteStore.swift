internal import Dispatch
internal import EventLoop
internal import FoundationEssentials
internal import Synchronization

/// A store in a file of this machine: `sqlite:PATH`. It survives the process; several processes may
/// use it at one time.
package final class SQLiteStore: StateStore {
  private let tables: SQLiteTables
  /// SQLite blocks, so it has a thread of its own.
  private let queue = DispatchQueue(label: "easel.state.sqlite", qos: .userInitiated)
  private let state = Mutex(State())
  package let clock = SharedClock()
  package let statistics = StateStatistics()

  private struct State {
    var listener: (@Sendable (StateEvent) -> Void)?
    var isClosed = false
    /// The last writing failed, since another process held the file, or the disk hung.
    var isAway = false
    /// Operations that wait for the thread, or run.
    var pending = 0
    var lastSeen: Int64 = 0
    var dataVersion: Int64?
    var writes = 0
  }

  /// How often it is looked for what other processes have announced.
  private static let pollInterval = DispatchTimeInterval.milliseconds(200)
  /// After so many writings what has expired is swept away.
  private static let sweepInterval = 1000
  /// Operations that may wait for the thread, and for how long: it is slow only where another
  /// process holds the file, or the disk hangs.
  private static let capacity = 10_000
  private static let longestWait = Duration.seconds(2)

  /// Opens the store; makes file and folder where they are missing. Blocks: not for an event loop.
  /// - Throws: `StateError` that says what is wrong with the file.
  package init(path: String) throws(StateError) {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    if !folder.isEmpty {
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw StateError(
          .unavailable, "the folder \(folder) cannot be made: \(error)")
      }
    }
    let database = try SQLiteDatabase(path: path)
    try SQLiteSchema.prepare(database, path: path)
    tables = SQLiteTables(database: database)
    try tables.sweep(now: clock.now)
  }

  package var isAvailable: Bool { state.withLock { !$0.isClosed && !$0.isAway } }

  // MARK: Values

  package func get(_ key: StateKey) async throws(StateError) -> StoredValue? {
    try key.check()
    return try await perform { store throws(StateError) in
      try store.tables.load(key, now: store.clock.now)
    }
  }

  package func compareAndSet(
    _ key: StateKey, revision: Int64, to value: [UInt8], lifetime: Duration, announced: Bool
  ) async throws(StateError) -> CompareAndSetResult {
    try key.check(value)
    let result = try await performWrite { store throws(StateError) -> CompareAndSetResult in
      let now = store.clock.now
      let current = try store.tables.load(key, now: now)
      guard (current?.revision ?? 0) == revision else { return .conflict(current) }
      return .stored(
        revision: try store.tables.save(
          key, value, expires: now + lifetime.lifetimeMilliseconds, announced: announced))
    }
    if announced, case .stored(let revision) = result {
      tell(.changed(key, StoredValue(revision: revision, value: value)))
    }
    return result
  }

  package func put(
    _ key: StateKey, _ value: [UInt8], lifetime: Duration
  ) async throws(StateError) {
    try key.check(value)
    _ = try await performWrite { store throws(StateError) in
      try store.tables.save(
        key, value, expires: store.clock.now + lifetime.lifetimeMilliseconds, announced: false)
    }
  }

  package func remove(_ key: StateKey) async throws(StateError) {
    try key.check()
    try await perform(writes: true) { store throws(StateError) in try store.tables.delete(key) }
  }

  package func count(
    _ key: StateKey, by member: String, _ told: PartCounts, over window: CountedWindow,
    lifetime: Duration
  ) async throws(StateError) -> [Int64] {
    try key.check()
    let told = try window.checked(told, by: member)
    return try await performWrite { store throws(StateError) in
      let now = store.clock.now
      return try store.tables.count(
        key, by: member, told, over: window, now: now,
        expires: now + lifetime.lifetimeMilliseconds)
    }
  }

  // MARK: Announcements

  package func listen(_ listener: @escaping @Sendable (StateEvent) -> Void) {
    state.withLock { $0.listener = listener }
    queue.async { [self] in
      let latest = try? tables.latestRevision()
      state.withLock { $0.lastSeen = latest ?? 0 }
      listener(.available)
      schedulePoll()
    }
  }

  private func schedulePoll() {
    queue.asyncAfter(deadline: .now() + Self.pollInterval) { [weak self] in
      guard let self, case let (isClosed, isAway) = state.withLock({ ($0.isClosed, $0.isAway) }),
        !isClosed
      else { return }
      if isAway { lookAgain() }
      poll()
      schedulePoll()
    }
  }

  private func tell(_ event: StateEvent) { state.withLock { $0.listener }?(event) }

  /// Tells what other processes have announced since it was looked last, and again what this one
  /// did meanwhile. Where the file cannot be read just now, it is looked again.
  private func poll() {
    guard let version = try? tables.dataVersion(),
      case let (known, lastSeen) = state.withLock({ ($0.dataVersion, $0.lastSeen) }),
      version != known,
      let (changes, latest) = try? tables.announced(after: lastSeen, now: clock.now)
    else { return }
    state.withLock { state in
      state.dataVersion = version
      state.lastSeen = latest
    }
    for (key, stored) in changes { tell(.changed(key, stored)) }
  }

  // MARK: Whether it is there

  /// Notes how a writing went, on the store's thread; tells where that is news. Nobody writes to a store
  /// that is away: it is looked at until it can be written again.
  private func note(_ error: StateError?) {
    if let error, error.kind != .unavailable { return }
    let isNews = state.withLock { state in
      defer { state.isAway = error != nil }
      return state.isAway != (error != nil)
    }
    if isNews { tell(error.map { .unavailable($0.description) } ?? .available) }
  }

  private func lookAgain() {
    do throws(StateError) {
      try tables.database.checkWritable()
      note(nil)
    } catch { note(error) }
  }

  package func close() async {
    state.withLock { state in
      state.isClosed = true
      state.listener = nil
    }
    await withCheckedContinuation { done in
      queue.async { [self] in
        tables.database.close()
        done.resume()
      }
    }
  }

  // MARK: Running

  /// Runs `body` on the store's thread, as a transaction.
  private func performWrite<T: Sendable>(
    _ body: @escaping @Sendable (SQLiteStore) throws(StateError) -> T
  ) async throws(StateError) -> T {
    try await perform(writes: true) { store throws(StateError) in
      try store.tables.database.transaction { () throws(StateError) -> T in
        let result = try body(store)
        try store.sweepNowAndThen()
        return result
      }
    }
  }

  /// Runs `body` on the store's thread.
  private func perform<T: Sendable>(
    writes: Bool = false,
    _ body: @escaping @Sendable (SQLiteStore) throws(StateError) -> T
  ) async throws(StateError) -> T {
    do throws(StateError) {
      try enter()
      let started = EventLoop.nanoseconds
      let result: Result<T, StateError> = await withCheckedContinuation { done in
        queue.async { [self] in
          let result = run(since: started, body)
          if writes { note(result.error) }
          done.resume(returning: result)
          state.withLock { $0.pending -= 1 }
        }
      }
      let value = try result.get()
      statistics.answered(after: .nanoseconds(EventLoop.nanoseconds - started))
      return value
    } catch {
      statistics.failed(error.kind)
      throw error
    }
  }

  private func run<T>(
    since started: UInt64, _ body: (SQLiteStore) throws(StateError) -> T
  ) -> Result<T, StateError> {
    guard .nanoseconds(EventLoop.nanoseconds - started) < Self.longestWait else {
      return .failure(StateError(.unavailable, "the store's file is held, or its disk hangs"))
    }
    do throws(StateError) { return .success(try body(self)) } catch { return .failure(error) }
  }

  private func enter() throws(StateError) {
    try state.withLock { state throws(StateError) in
      guard !state.isClosed else { throw StateError(.closed, "the store is closed") }
      guard state.pending < Self.capacity else {
        throw StateError(.unavailable, "too many operations are under way")
      }
      state.pending += 1
    }
  }

  private func sweepNowAndThen() throws(StateError) {
    let isTime = state.withLock { state in
      state.writes += 1
      return state.writes.isMultiple(of: Self.sweepInterval)
    }
    if isTime { try tables.sweep(now: clock.now) }
  }
}

extension Result {
  fileprivate var error: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
