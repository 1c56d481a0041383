internal import Dispatch
internal import EventLoop
internal import Foundation
internal import Synchronization

/// A store in a file of this machine: `sqlite:PATH`. It survives the process; several processes may
/// use it at one time.
package final class SQLiteStore: StateStore {
  private let database: SQLiteDatabase
  /// SQLite blocks, so it has a thread of its own.
  private let queue = DispatchQueue(label: "easel.state.sqlite", qos: .userInitiated)
  private let state = Mutex(State())
  package let clock = SharedClock()
  package let statistics = StateStatistics()

  private struct State {
    var listener: (@Sendable (StateEvent) -> Void)?
    var isClosed = false
    var lastSeen: Int64 = 0
    var dataVersion: Int64 = -1
    var writes = 0
  }

  /// How often it is looked for what other processes have announced.
  private static let pollInterval = DispatchTimeInterval.milliseconds(200)
  /// After so many writings what has expired is swept away.
  private static let sweepInterval = 1000

  /// Opens the store; makes file and folder where they are missing. Blocks: not for an event loop.
  /// - Throws: `StateError` that says what is wrong with the file.
  package init(path: String) throws(StateError) {
    let folder = (path as NSString).deletingLastPathComponent
    if !folder.isEmpty {
      try? FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    }
    database = try SQLiteDatabase(path: path)
    try SQLiteSchema.prepare(database)
    // It may hold what clients said.
    try? FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    try sweep()
  }

  package var isAvailable: Bool { state.withLock { !$0.isClosed } }

  // MARK: Values

  package func get(_ key: StateKey) async throws(StateError) -> StoredValue? {
    try key.check()
    return try await perform { store throws(StateError) in try store.load(key) }
  }

  package func compareAndSet(
    _ key: StateKey, revision: Int64, to value: [UInt8], lifetime: Duration, announced: Bool
  ) async throws(StateError) -> CompareAndSetResult {
    try key.check(value)
    let result = try await perform { store throws(StateError) in
      try store.database.transaction { () throws(StateError) -> CompareAndSetResult in
        let current = try store.load(key)
        guard (current?.revision ?? 0) == revision else { return .conflict(current) }
        return .stored(revision: try store.save(key, value, lifetime, announced))
      }
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
    try await perform { store throws(StateError) in
      try store.database.transaction { () throws(StateError) in
        _ = try store.save(key, value, lifetime, false)
      }
    }
  }

  package func remove(_ key: StateKey) async throws(StateError) {
    try key.check()
    try await perform { store throws(StateError) in
      _ = try store.database.run(
        "DELETE FROM entries WHERE family = ? AND name = ?", [.text(key.group), .text(key.name)])
    }
  }

  private func load(_ key: StateKey) throws(StateError) -> StoredValue? {
    let rows = try database.run(
      "SELECT revision, value FROM entries WHERE family = ? AND name = ? AND expires > ?",
      [.text(key.group), .text(key.name), .integer(clock.now)])
    guard let row = rows.first, let revision = row[0].integer, let value = row[1].bytes else {
      return nil
    }
    return StoredValue(revision: revision, value: value)
  }

  private func save(
    _ key: StateKey, _ value: [UInt8], _ lifetime: Duration, _ announced: Bool
  ) throws(StateError) -> Int64 {
    try database.run("UPDATE revisions SET latest = latest + 1")
    let revision = try database.run("SELECT latest FROM revisions").first?.first?.integer ?? 1
    try database.run(
      "REPLACE INTO entries (family, name, revision, value, expires, announced) "
        + "VALUES (?, ?, ?, ?, ?, ?)",
      [
        .text(key.group), .text(key.name), .integer(revision), .blob(value),
        .integer(clock.now + lifetime.wholeMilliseconds), .integer(announced ? 1 : 0),
      ])
    try sweepNowAndThen()
    return revision
  }

  // MARK: Counters

  package func count(
    _ key: StateKey, bucket: Int64, window: Int64, adding: [Int64], lifetime: Duration
  ) async throws(StateError) -> [Int64] {
    try key.check()
    return try await perform { store throws(StateError) in
      try store.database.transaction { () throws(StateError) -> [Int64] in
        try store.add(key, bucket, window, adding, lifetime)
      }
    }
  }

  private func add(
    _ key: StateKey, _ bucket: Int64, _ window: Int64, _ adding: [Int64], _ lifetime: Duration
  ) throws(StateError) -> [Int64] {
    let name: [SQLiteDatabase.Value] = [.text(key.group), .text(key.name)]
    let expires = clock.now + lifetime.wholeMilliseconds
    try database.run(
      "DELETE FROM counts WHERE family = ? AND name = ? AND expires <= ?",
      name + [.integer(clock.now)])
    for (counter, number) in adding.enumerated() {
      try database.run(
        "INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET total = total + ?",
        name + [
          .integer(bucket), .integer(Int64(counter)), .integer(number), .integer(expires),
          .integer(number),
        ])
    }
    try database.run(
      "UPDATE counts SET expires = ? WHERE family = ? AND name = ?", [.integer(expires)] + name)
    try database.run(
      "DELETE FROM counts WHERE family = ? AND name = ? AND bucket <= "
        + "(SELECT max(bucket) FROM counts WHERE family = ? AND name = ?) - ?",
      name + name + [.integer(window)])
    let rows = try database.run(
      "SELECT counter, sum(total) FROM counts WHERE family = ? AND name = ? "
        + "AND bucket > ? AND bucket <= ? GROUP BY counter",
      name + [.integer(bucket - window), .integer(bucket)])
    var sums = [Int64](repeating: 0, count: adding.count)
    for row in rows {
      guard let counter = row[0].integer, let sum = row[1].integer,
        sums.indices.contains(Int(counter))
      else { continue }
      sums[Int(counter)] = sum
    }
    try sweepNowAndThen()
    return sums
  }

  // MARK: Announcements

  package func listen(_ listener: @escaping @Sendable (StateEvent) -> Void) {
    state.withLock { $0.listener = listener }
    queue.async { [self] in
      let rows = try? database.run("SELECT latest FROM revisions")
      state.withLock { $0.lastSeen = rows?.first?.first?.integer ?? 0 }
      listener(.available)
      schedulePoll()
    }
  }

  private func schedulePoll() {
    queue.asyncAfter(deadline: .now() + Self.pollInterval) { [weak self] in
      guard let self, isAvailable else { return }
      poll()
      schedulePoll()
    }
  }

  private func tell(_ event: StateEvent) { state.withLock { $0.listener }?(event) }

  /// Tells what other processes have announced since it was looked last. What this process writes
  /// does not change its own `data_version`: https://www.sqlite.org/pragma.html#pragma_data_version
  private func poll() {
    let rows = try? database.run("PRAGMA data_version")
    guard let version = rows?.first?.first?.integer else { return }
    let (isNew, lastSeen) = state.withLock { state in
      defer { state.dataVersion = version }
      return (state.dataVersion != version, state.lastSeen)
    }
    guard isNew else { return }
    let changed = try? database.run(
      "SELECT family, name, revision, value FROM entries "
        + "WHERE revision > ? AND announced = 1 AND expires > ? ORDER BY revision",
      [.integer(lastSeen), .integer(clock.now)])
    for row in changed ?? [] {
      guard let group = row[0].text, let name = row[1].text, let revision = row[2].integer,
        let value = row[3].bytes
      else { continue }
      state.withLock { $0.lastSeen = max($0.lastSeen, revision) }
      tell(
        .changed(
          StateKey(group: group, name: name), StoredValue(revision: revision, value: value)))
    }
  }

  package func close() async {
    state.withLock { state in
      state.isClosed = true
      state.listener = nil
    }
    await withCheckedContinuation { done in
      queue.async { [self] in
        database.close()
        done.resume()
      }
    }
  }

  // MARK: Running

  /// Runs `body` on the store's thread.
  private func perform<T: Sendable>(
    _ body: @escaping @Sendable (SQLiteStore) throws(StateError) -> T
  ) async throws(StateError) -> T {
    guard isAvailable else { throw StateError(.closed, "the store is closed") }
    let started = EventLoop.nanoseconds
    let result: Result<T, StateError> = await withCheckedContinuation { done in
      queue.async { [self] in
        do throws(StateError) { done.resume(returning: .success(try body(self))) } catch {
          done.resume(returning: .failure(error))
        }
      }
    }
    switch result {
    case .success: statistics.answered(after: .nanoseconds(EventLoop.nanoseconds - started))
    case .failure(let error): statistics.failed(error.kind)
    }
    return try result.get()
  }

  private func sweepNowAndThen() throws(StateError) {
    let isTime = state.withLock { state in
      state.writes += 1
      return state.writes.isMultiple(of: Self.sweepInterval)
    }
    if isTime { try sweep() }
  }

  private func sweep() throws(StateError) {
    try database.run("DELETE FROM entries WHERE expires <= ?", [.integer(clock.now)])
    try database.run("DELETE FROM counts WHERE expires <= ?", [.integer(clock.now)])
  }
}
