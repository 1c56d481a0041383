internal import Dispatch

/// The tables of a store in a file.
enum SQLiteSchema {
  /// Raised when the tables change.
  static let version: Int64 = 2
  /// Tells a store of Easel from other programs' databases: "Easl".
  /// https://www.sqlite.org/pragma.html#pragma_application_id
  static let application: Int64 = 0x4561_736C

  /// Makes the tables where they are missing.
  /// - Throws: `StateError` for a file of another program, or of a later version, which is left as
  ///   it is.
  static func prepare(_ database: SQLiteDatabase, path: String) throws(StateError) {
    _ = try database.transaction(writes: false) { () throws(StateError) in
      try isComplete(database, path)
    }
    try useLog(database)
    // A power cut may lose the last changes, never the file. What is kept here can be lost: a
    // breaker finds out again what it had forgotten.
    try database.run("PRAGMA synchronous = NORMAL")
    try database.transaction { () throws(StateError) in
      // Looked at once more, now that nobody else can make the tables.
      guard try !isComplete(database, path) else { return }
      // Of version 1 all remains but the counts, which had no members.
      let isEmpty = try number("SELECT count(*) FROM sqlite_master", database) == 0
      if !isEmpty { try database.run("DROP TABLE counts") }
      for statement in isEmpty ? statements : [counts] { try database.run(statement) }
      try database.run("PRAGMA application_id = \(application)")
      try database.run("PRAGMA user_version = \(version)")
    }
  }

  /// Has changes written to a log beside the file, so that who reads never waits for who writes.
  /// To begin with it takes the whole file, for which SQLite does not wait where another process
  /// begins at the same moment: https://www.sqlite.org/wal.html
  private static func useLog(_ database: SQLiteDatabase) throws(StateError) {
    for attempt in 1... {
      do throws(StateError) {
        try database.run("PRAGMA journal_mode = WAL")
        return
      } catch {
        guard error.kind == .unavailable, attempt < 200 else { throw error }
        _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(10))
      }
    }
  }

  /// Whether the tables are there; false for a file that is empty. Within a transaction, so that
  /// another process that makes them meanwhile is seen as a whole.
  private static func isComplete(
    _ database: SQLiteDatabase, _ path: String
  ) throws(StateError) -> Bool {
    if try number("PRAGMA application_id", database) != application {
      guard try number("SELECT count(*) FROM sqlite_master", database) == 0 else {
        throw StateError(.malformed, "\(path) is the database of another program")
      }
      return false
    }
    let found = try number("PRAGMA user_version", database)
    guard found <= version else {
      throw StateError(
        .malformed,
        "\(path) was written by a later version of Easel (schema \(found), this one knows "
          + "\(version)); use that version, or another file")
    }
    return found == version
  }

  private static func number(
    _ sql: String, _ database: SQLiteDatabase
  ) throws(StateError) -> Int64 {
    try database.run(sql).first?.first?.integer ?? 0
  }

  private static let counts =
    """
    CREATE TABLE counts (
      family TEXT NOT NULL, name TEXT NOT NULL, part INTEGER NOT NULL, member TEXT NOT NULL,
      counter INTEGER NOT NULL, total INTEGER NOT NULL, expires INTEGER NOT NULL,
      PRIMARY KEY (family, name, part, member, counter)
    ) WITHOUT ROWID
    """

  private static let statements = [
    """
    CREATE TABLE entries (
      family TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, value BLOB NOT NULL,
      expires INTEGER NOT NULL, announced INTEGER NOT NULL, PRIMARY KEY (family, name)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX entries_by_revision ON entries (revision)",
    counts,
    // One number for all, so that none comes again under a key that was forgotten meanwhile.
    "CREATE TABLE revisions (latest INTEGER NOT NULL)",
    "INSERT INTO revisions VALUES (0)",
  ]
}
