import Foundation
import TestSupport
import Testing

@testable import State

@Suite("SQLite store", .bounded, .timeLimit(.minutes(10)))
struct SQLiteStoreTests {
  /// Calls `body` with the path of a file that is not there yet, in a folder of its own.
  private func with(_ body: (String) async throws -> Void) async throws {
    let folder = try TemporaryFolder.make("sqlite")
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder.appendingPathComponent("a/b/easel.db").path)
  }

  private func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require(attributes[.posixPermissions] as? Int)
  }

  @Test("folder and file are made, and nobody else can read what is in them")
  func files() async throws {
    try await with { path in
      let store = try SQLiteStore(path: path)
      try await store.write(.breaker, [1])
      for file in [path, path + "-wal", path + "-shm"] { #expect(try mode(file) == 0o600) }
      await store.close()
    }
  }

  @Test("what was stored is there after an end, with the same revision, and goes on from it")
  func reopened() async throws {
    try await with { path in
      let first = try SQLiteStore(path: path)
      try await first.write(.breaker, [1])
      let stored = try #require(try await first.get(.breaker))
      _ = try await first.count(.breaker, [5: 2], at: 5)
      try await first.put(StateKey(group: "a", name: "b"), [1], lifetime: .milliseconds(1))
      await first.close()
      let second = try SQLiteStore(path: path)
      #expect(try await second.get(.breaker) == stored)
      #expect(try await second.count(.breaker, by: "b", [6: 1], at: 6) == 3)
      try await second.remove(.breaker)
      try await second.write(.breaker, [2])
      #expect(try #require(try await second.get(.breaker)).revision > stored.revision)
      await second.close()
    }
  }

  @Test("what was stored survives a process that is killed in the midst of its work")
  func killed() async throws {
    try await with { path in
      let store = try SQLiteStore(path: path)
      let keys = (0..<50).map { StateKey(group: "breaker:\($0)", name: "state") }
      for key in keys { try await store.write(key, Array(key.group.utf8)) }
      // The files as a killed process leaves them: nothing was closed, and the log is not yet in the
      // database.
      let copy = path + ".copy"
      for suffix in ["", "-wal"] {
        try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
      }
      let left = try FileManager.default.attributesOfItem(atPath: copy)[.size] as? Int
      #expect((left ?? 0) < 100_000)
      let after = try SQLiteStore(path: copy)
      for key in keys { #expect(try await after.get(key)?.value == Array(key.group.utf8)) }
      await after.close()
      await store.close()
    }
  }

  @Test("several processes may begin with one file at the same moment")
  func opened() async throws {
    for _ in 0..<5 {
      try await with { path in
        let stores = try await withThrowingTaskGroup(of: SQLiteStore.self) { group in
          for _ in 0..<6 { group.addTask { try SQLiteStore(path: path) } }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        for (index, store) in stores.enumerated() {
          try await store.write(.breaker, [UInt8(index)])
        }
        for store in stores { #expect(try await store.get(.breaker)?.value == [5]) }
        for store in stores { await store.close() }
      }
    }
  }

  @Test("several processes write into one file, lose nothing, and hear of each other")
  func shared() async throws {
    try await with { path in
      let stores = try (0..<3).map { _ in try SQLiteStore(path: path) }
      let events = stores.map { store in
        let events = StoreEvents()
        store.listen(events.add)
        return events
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, store) in stores.enumerated() {
          group.addTask {
            for count in 1...40 as ClosedRange<Int64> {
              _ = try await store.count(.breaker, by: "\(index)", [1: count], at: 1)
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await stores[0].count(.breaker, [:], at: 1) == 120)
      let keys = (0..<3).map { StateKey(group: "breaker:\($0)", name: "state") }
      for (store, key) in zip(stores, keys) { try await store.write(key, [1]) }
      for key in keys {
        let stored = try #require(try await stores[0].get(key))
        for heard in events {
          try await eventually("\(key) is heard of") { heard.contains(.changed(key, stored)) }
        }
      }
      for store in stores { await store.close() }
    }
  }

  @Test("what is no store of this version is refused, and left as it is")
  func foreign() async throws {
    func refusal(_ path: String) throws -> String {
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      let error = #expect(throws: StateError.self) { try SQLiteStore(path: path) }
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
      return error?.description ?? ""
    }
    try await with { path in
      let store = try SQLiteStore(path: path)
      await store.close()
      let later = try SQLiteDatabase(path: path)
      try later.run("PRAGMA user_version = 99")
      later.close()
      #expect(try refusal(path).contains("schema 99"))

      let text = path + ".txt"
      try Data("state:\n  url: redis://localhost\n".utf8).write(to: URL(fileURLWithPath: text))
      #expect(try refusal(text).contains("no database"))

      let other = try SQLiteDatabase(path: path + ".other")
      try other.run("CREATE TABLE accounts (name TEXT)")
      try other.run("PRAGMA user_version = 1")
      other.close()
      #expect(try refusal(path + ".other").contains("another program"))

      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      let error = #expect(throws: StateError.self) { try SQLiteStore(path: folder) }
      #expect(error?.description.contains(folder) == true)
      let below = #expect(throws: StateError.self) { try SQLiteStore(path: text + "/x/easel.db") }
      #expect(below?.description.contains("folder") == true)
    }
  }

  @Test("a store of the first version keeps its values, and counts anew")
  func firstVersion() async throws {
    try await with { path in
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: path).deletingLastPathComponent(),
        withIntermediateDirectories: true)
      let old = try SQLiteDatabase(path: path)
      for statement in [
        """
        CREATE TABLE entries (
          family TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, value BLOB NOT NULL,
          expires INTEGER NOT NULL, announced INTEGER NOT NULL, PRIMARY KEY (family, name)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX entries_by_revision ON entries (revision)",
        """
        CREATE TABLE counts (
          family TEXT NOT NULL, name TEXT NOT NULL, bucket INTEGER NOT NULL,
          counter INTEGER NOT NULL, total INTEGER NOT NULL, expires INTEGER NOT NULL,
          PRIMARY KEY (family, name, bucket, counter)
        ) WITHOUT ROWID
        """,
        "CREATE TABLE revisions (latest INTEGER NOT NULL)",
        "INSERT INTO revisions VALUES (7)",
        "INSERT INTO entries VALUES ('\(StateKey.breaker.group)', '\(StateKey.breaker.name)', 7, "
          + "x'0102', \(Int64.max), 1)",
        "INSERT INTO counts VALUES ('\(StateKey.breaker.group)', '\(StateKey.breaker.name)', 1, 0, "
          + "5, \(Int64.max))",
        "PRAGMA application_id = \(SQLiteSchema.application)", "PRAGMA user_version = 1",
      ] { try old.run(statement) }
      old.close()
      for start in 1...2 {
        let store = try SQLiteStore(path: path)
        #expect(try await store.get(.breaker) == StoredValue(revision: 7, value: [1, 2]))
        #expect(try await store.count(.breaker, [1: 1], at: 1) == 1, "start \(start)")
        await store.close()
      }
    }
  }

  @Test("a file that another process holds fails what is asked, in time, and then goes on")
  func held() async throws {
    try await with { path in
      let store = try SQLiteStore(path: path)
      try await store.write(.breaker, [1])
      let holder = try SQLiteDatabase(path: path)
      try holder.run("BEGIN IMMEDIATE")
      #expect(try await store.get(.breaker)?.value == [1], "it can still be read")
      let errors = await withTaskGroup(of: StateError?.self) { group in
        for _ in 0..<5 {
          group.addTask {
            do throws(StateError) {
              try await store.put(.breaker, [2], lifetime: .seconds(60))
              return nil
            } catch { return error }
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(errors.allSatisfy { $0?.kind == .unavailable }, "nothing was done")
      try holder.run("ROLLBACK")
      try await store.put(.breaker, [3], lifetime: .seconds(60))
      #expect(try await store.get(.breaker)?.value == [3])
      holder.close()
      await store.close()
    }
  }

  @Test("a file that another process holds is away for as long, and nobody has to ask for it")
  func away() async throws {
    try await with { path in
      let store = try SQLiteStore(path: path)
      let events = StoreEvents()
      store.listen(events.add)
      try await eventually("it is there") { events.contains(.available) }
      let holder = try SQLiteDatabase(path: path)
      try holder.run("BEGIN IMMEDIATE")
      let error = await #expect(throws: StateError.self) { try await store.write(.breaker, [1]) }
      #expect(error?.kind == .unavailable && !store.isAvailable)
      #expect(events.contains(.unavailable(error?.description ?? "")))
      #expect(try await store.get(.breaker) == nil, "that it can be read says nothing")
      #expect(!store.isAvailable)
      try holder.run("ROLLBACK")
      try await eventually("it is back") { store.isAvailable }
      #expect(events.all.filter { $0 == .available }.count == 2)
      try await store.write(.breaker, [1])
      holder.close()
      await store.close()
    }
  }

  @Test("what has expired is swept from the file")
  func swept() async throws {
    try await with { path in
      let store = try SQLiteStore(path: path)
      for index in 0..<20 {
        let key = StateKey(group: "a", name: "\(index)")
        try await store.put(key, [1], lifetime: .milliseconds(1))
        _ = try await store.count(key, [1: 1], at: 1, lifetime: .milliseconds(1))
      }
      await store.close()
      try await eventually("the next start finds all of it expired") {
        await (try SQLiteStore(path: path)).close()
        let database = try SQLiteDatabase(path: path)
        defer { database.close() }
        return try database.run("SELECT 1 FROM entries UNION ALL SELECT 1 FROM counts").isEmpty
      }
    }
  }

  @Test("a store that is closed says so")
  func closed() async throws {
    try await with { path in
      let store = try SQLiteStore(path: path)
      await store.close()
      await store.close()
      #expect(!store.isAvailable)
      let error = await #expect(throws: StateError.self) { try await store.get(.breaker) }
      #expect(error?.kind == .closed)
    }
  }
}
