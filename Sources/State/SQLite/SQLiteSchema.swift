/// The tables of a store in a file.
enum SQLiteSchema {
  /// Raised when the tables change.
  static let version: Int64 = 1

  /// Makes the tables where they are missing.
  /// - Throws: `StateError` for a file of another program, or of a later version.
  static func prepare(_ database: SQLiteDatabase) throws(StateError) {
    try database.run("PRAGMA journal_mode = WAL")
    // A power cut may lose the last changes, never the file. What is kept here can be lost: a
    // breaker finds out again what it had forgotten.
    try database.run("PRAGMA synchronous = NORMAL")
    try database.transaction { () throws(StateError) in
      let found = try database.run("PRAGMA user_version").first?.first?.integer ?? 0
      guard found <= version else {
        throw StateError(
          .malformed, "the store was written by a later version of Easel (schema \(found))")
      }
      guard found < version else { return }
      let tables = try database.run("SELECT count(*) FROM sqlite_master").first?.first?.integer
      guard tables == 0 else {
        throw StateError(.malformed, "the file is a database of another program")
      }
      for statement in statements { try database.run(statement) }
      try database.run("PRAGMA user_version = \(version)")
    }
  }

  private static let statements = [
    """
    CREATE TABLE entries (
      family TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, value BLOB NOT NULL,
      expires INTEGER NOT NULL, announced INTEGER NOT NULL, PRIMARY KEY (family, name)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX entries_by_revision ON entries (revision)",
    """
    CREATE TABLE counts (
      family TEXT NOT NULL, name TEXT NOT NULL, bucket INTEGER NOT NULL, counter INTEGER NOT NULL,
      total INTEGER NOT NULL, expires INTEGER NOT NULL,
      PRIMARY KEY (family, name, bucket, counter)
    ) WITHOUT ROWID
    """,
    // One number for all, so that none comes again under a key that was forgotten meanwhile.
    "CREATE TABLE revisions (latest INTEGER NOT NULL)",
    "INSERT INTO revisions VALUES (0)",
  ]
}
