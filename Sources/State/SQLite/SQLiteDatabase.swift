internal import CSQLite

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A connection to an SQLite file. For one thread at a time.
///
/// `@unchecked Sendable`: used on the serial queue of its store alone.
final class SQLiteDatabase: @unchecked Sendable {
  // The only place where SQLite's pointers are held; each is closed by `close` or `deinit`.
  private var handle: OpaquePointer?
  private var statements: [String: OpaquePointer] = [:]

  /// A value of a column, or for a parameter.
  enum Value: Hashable {
    case integer(Int64)
    case text(String)
    case blob([UInt8])
    case null
  }

  /// Opens a file; makes it, readable for its owner alone, where it is missing.
  /// - Throws: `StateError`.
  init(path: String) throws(StateError) {
    Self.makeFile(path)
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
    guard sqlite3_open_v2(path, &handle, flags, nil) == SQLITE_OK else {
      let reason = Self.message(handle)
      sqlite3_close_v2(handle)
      handle = nil
      throw StateError(.unavailable, "the file \(path) cannot be opened: \(reason)")
    }
    // Another process on this machine may be writing.
    sqlite3_busy_timeout(handle, Self.busyTimeout)
  }

  /// How long it is waited for another process, in milliseconds.
  private static let busyTimeout: Int32 = 2000

  deinit { close() }

  /// SQLite gives the files beside it the same mode. One that exists is not touched: to close it
  /// would take the locks away that another connection of this process has on it
  /// (https://www.sqlite.org/howtocorrupt.html, 2.2).
  private static func makeFile(_ path: String) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor >= 0 { _ = systemClose(descriptor) }
  }

  func close() {
    for statement in statements.values { sqlite3_finalize(statement) }
    statements = [:]
    sqlite3_close_v2(handle)
    handle = nil
  }

  /// Runs one statement.
  /// - Returns: its rows.
  @discardableResult
  func run(_ sql: String, _ parameters: [Value] = []) throws(StateError) -> [[Value]] {
    let statement = try prepared(sql)
    defer {
      sqlite3_reset(statement)
      sqlite3_clear_bindings(statement)
    }
    for (index, parameter) in parameters.enumerated() {
      try check(bind(parameter, to: statement, at: Int32(index + 1)))
    }
    var rows: [[Value]] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        rows.append((0..<sqlite3_column_count(statement)).map { column(statement, $0) })
      case SQLITE_DONE: return rows
      case let code:
        try check(code)
        return rows
      }
    }
  }

  /// Runs `body` in a transaction: all of it or nothing, and as of one moment.
  func transaction<T>(
    writes: Bool = true, _ body: () throws(StateError) -> T
  ) throws(StateError) -> T {
    try run(writes ? "BEGIN IMMEDIATE" : "BEGIN")
    do throws(StateError) {
      let result = try body()
      try run("COMMIT")
      return result
    } catch {
      _ = try? run("ROLLBACK")
      throw error
    }
  }

  /// Looks whether it could be written now, without waiting for anyone.
  func checkWritable() throws(StateError) {
    sqlite3_busy_timeout(handle, 0)
    defer { sqlite3_busy_timeout(handle, Self.busyTimeout) }
    try transaction {}
  }

  // MARK: C

  private func prepared(_ sql: String) throws(StateError) -> OpaquePointer {
    if let statement = statements[sql] { return statement }
    guard let handle else { throw StateError(.closed, "the store is closed") }
    var statement: OpaquePointer?
    try check(
      sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
    guard let statement else { throw StateError(.malformed, "an empty statement") }
    statements[sql] = statement
    return statement
  }

  private func bind(_ value: Value, to statement: OpaquePointer, at index: Int32) -> Int32 {
    switch value {
    case .integer(let number): sqlite3_bind_int64(statement, index, number)
    case .text(let text): easel_sqlite3_bind_text(statement, index, text)
    case .blob(let bytes):
      // SQLite copies the bytes before it returns.
      bytes.withUnsafeBytes {
        easel_sqlite3_bind_blob(statement, index, $0.baseAddress, Int32($0.count))
      }
    case .null: sqlite3_bind_null(statement, index)
    }
  }

  private func column(_ statement: OpaquePointer, _ index: Int32) -> Value {
    switch sqlite3_column_type(statement, index) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, index))
    case SQLITE_TEXT:
      guard let text = sqlite3_column_text(statement, index) else { return .null }
      return .text(String(cString: text))
    case SQLITE_BLOB:
      // Valid until the next step; copied here.
      let bytes = UnsafeRawBufferPointer(
        start: sqlite3_column_blob(statement, index),
        count: Int(sqlite3_column_bytes(statement, index)))
      return .blob(Array(bytes))
    default: return .null
    }
  }

  private func check(_ code: Int32) throws(StateError) {
    switch code {
    case SQLITE_OK, SQLITE_ROW, SQLITE_DONE: return
    case SQLITE_BUSY, SQLITE_LOCKED:
      // What was begun is undone with its transaction.
      throw StateError(.unavailable, "another process holds the store: \(Self.message(handle))")
    case SQLITE_NOTADB, SQLITE_CORRUPT:
      throw StateError(.malformed, "the file is no database of Easel: \(Self.message(handle))")
    default: throw StateError(.refused, "SQLite: \(Self.message(handle))")
    }
  }

  private static func message(_ handle: OpaquePointer?) -> String {
    handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? "out of memory"
  }
}

extension SQLiteDatabase.Value {
  var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var bytes: [UInt8]? { if case .blob(let bytes) = self { bytes } else { nil } }
}

#if canImport(Glibc)
private func systemClose(_ descriptor: CInt) -> CInt { Glibc.close(descriptor) }
#elseif canImport(Darwin)
private func systemClose(_ descriptor: CInt) -> CInt { Darwin.close(descriptor) }
#endif
