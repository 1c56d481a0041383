/// The rows of a store in a file. For one thread at a time.
struct SQLiteTables: Sendable {
  let database: SQLiteDatabase

  // MARK: Values

  func load(_ key: StateKey, now: Int64) throws(StateError) -> StoredValue? {
    let rows = try database.run(
      "SELECT revision, value FROM entries WHERE family = ? AND name = ? AND expires > ?",
      [.text(key.group), .text(key.name), .integer(now)])
    guard let row = rows.first, let revision = row[0].integer, let value = row[1].bytes else {
      return nil
    }
    return StoredValue(revision: revision, value: value)
  }

  /// Within a transaction.
  /// - Returns: the revision.
  func save(
    _ key: StateKey, _ value: [UInt8], expires: Int64, announced: Bool
  ) throws(StateError) -> Int64 {
    try database.run("UPDATE revisions SET latest = latest + 1")
    let revision = try latestRevision()
    try database.run(
      "REPLACE INTO entries (family, name, revision, value, expires, announced) "
        + "VALUES (?, ?, ?, ?, ?, ?)",
      [
        .text(key.group), .text(key.name), .integer(revision), .blob(value), .integer(expires),
        .integer(announced ? 1 : 0),
      ])
    return revision
  }

  func delete(_ key: StateKey) throws(StateError) {
    try database.run(
      "DELETE FROM entries WHERE family = ? AND name = ?", [.text(key.group), .text(key.name)])
  }

  // MARK: Announcements

  /// The revision that was given last.
  func latestRevision() throws(StateError) -> Int64 {
    guard let latest = try database.run("SELECT latest FROM revisions").first?.first?.integer else {
      throw StateError(.malformed, "the store's file has lost its revisions")
    }
    return latest
  }

  /// A number that changes whenever another connection has written.
  /// https://www.sqlite.org/pragma.html#pragma_data_version
  func dataVersion() throws(StateError) -> Int64? {
    try database.run("PRAGMA data_version").first?.first?.integer
  }

  /// What was announced after a revision and is still there, and the revision that was given last,
  /// both as of one moment.
  func announced(
    after revision: Int64, now: Int64
  ) throws(StateError) -> (changes: [(StateKey, StoredValue)], latest: Int64) {
    try database.transaction(writes: false) { () throws(StateError) in
      let rows = try database.run(
        "SELECT family, name, revision, value FROM entries "
          + "WHERE revision > ? AND announced = 1 AND expires > ? ORDER BY revision",
        [.integer(revision), .integer(now)])
      let changes = rows.compactMap { row -> (StateKey, StoredValue)? in
        guard let group = row[0].text, let name = row[1].text, let revision = row[2].integer,
          let value = row[3].bytes
        else { return nil }
        return (
          StateKey(group: group, name: name), StoredValue(revision: revision, value: value)
        )
      }
      return (changes, try latestRevision())
    }
  }

  // MARK: Counters

  /// Raises what a member has counted in a window, and sums the window up, within a transaction.
  func count(
    _ key: StateKey, by member: String, _ told: PartCounts, over window: CountedWindow, now: Int64,
    expires: Int64
  ) throws(StateError) -> [Int64] {
    let name: [SQLiteDatabase.Value] = [.text(key.group), .text(key.name)]
    try database.run(
      "DELETE FROM counts WHERE family = ? AND name = ? AND expires <= ?", name + [.integer(now)])
    for (part, counts) in told {
      for (counter, number) in counts.enumerated() {
        try database.run(
          "INSERT INTO counts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE "
            + "SET total = max(total, ?6)",
          name + [
            .integer(part), .text(member), .integer(Int64(counter)), .integer(number),
            .integer(expires),
          ])
      }
    }
    try database.run(
      "UPDATE counts SET expires = ? WHERE family = ? AND name = ?", [.integer(expires)] + name)
    try database.run(
      "DELETE FROM counts WHERE family = ? AND name = ? AND part NOT BETWEEN ? AND ?",
      name + [.integer(window.kept.lowerBound), .integer(window.kept.upperBound)])
    // As a floating-point number, which no sum is too large for.
    let rows = try database.run(
      "SELECT counter, CAST(min(total(total), ?) AS INTEGER) FROM counts "
        + "WHERE family = ? AND name = ? AND part BETWEEN ? AND ? GROUP BY counter",
      [.integer(CountedWindow.largest)] + name + [
        .integer(window.numbers.lowerBound), .integer(window.numbers.upperBound),
      ])
    var sums = [Int64](repeating: 0, count: window.counters)
    for row in rows {
      guard let counter = row[0].integer, let sum = row[1].integer,
        sums.indices.contains(Int(counter))
      else { continue }
      sums[Int(counter)] = sum
    }
    return sums
  }

  // MARK: Sweeping

  /// Forgets what has expired.
  func sweep(now: Int64) throws(StateError) {
    try database.run("DELETE FROM entries WHERE expires <= ?", [.integer(now)])
    try database.run("DELETE FROM counts WHERE expires <= ?", [.integer(now)])
  }
}
