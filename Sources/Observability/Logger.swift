/// Writes structured log lines: one JSON object each, `{"time","level","message",…fields}`.
///
/// A value that is cheap to copy; a call below the level costs a comparison. Prompts, keys and
/// other bodies are never logged at this layer: a field says what happened, not what was said.
package struct Logger: Sendable {
  /// Lines that matter less are not written.
  package var level: LogLevel
  private let output: LogOutput?
  private var context: [UInt8] = []

  /// The most bytes that the fields of ``with(_:)`` take in a line.
  private static let contextLimit = 2048

  /// A logger that writes lines of `level` and above to `output`.
  package init(level: LogLevel, output: LogOutput) {
    self.level = level
    self.output = output
  }

  private init() {
    level = .error
    output = nil
  }

  /// A logger that writes nothing.
  package static let disabled = Logger()

  /// A logger whose lines carry these fields too, before their own; at most 2 KiB in all.
  package func with(_ fields: LogFields) -> Logger {
    var line = LogLine(appendingTo: context, limit: Self.contextLimit - context.count)
    for field in fields.entries { line.field(LogKey(field.key), field.value) }
    var logger = self
    logger.context = line.bytes
    return logger
  }

  /// See ``LogOutput/droppedLines``.
  package var droppedLines: Int { output?.droppedLines ?? 0 }

  /// Whether a line of `level` would be written.
  package func isEnabled(_ level: LogLevel) -> Bool {
    output != nil && level >= self.level
  }

  /// Writes one line. Returns at once: see ``LogOutput``.
  package func log(
    _ level: LogLevel, _ message: @autoclosure () -> String,
    _ fields: @autoclosure () -> LogFields = [:]
  ) {
    guard level >= self.level, let output else { return }
    let fields = fields()
    output.append(level, message(), context: context) { line in
      for field in fields.entries { line.field(LogKey(field.key), field.value) }
    }
  }

  /// Writes a line at level debug.
  package func debug(
    _ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]
  ) {
    log(.debug, message(), fields())
  }

  /// Writes a line at level info.
  package func info(
    _ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]
  ) {
    log(.info, message(), fields())
  }

  /// Writes a line at level warning.
  package func warning(
    _ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]
  ) {
    log(.warning, message(), fields())
  }

  /// Writes a line at level error.
  package func error(
    _ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]
  ) {
    log(.error, message(), fields())
  }

  /// Writes down what an operator has done, whatever the logger's level: it is the only record of it.
  package func audit(_ fields: LogFields) {
    output?.append(.warning, "audit", context: context) { line in
      for field in fields.entries { line.field(LogKey(field.key), field.value) }
    }
  }

  /// Writes the line of a finished request, at level info.
  package func log(_ request: RequestLog) {
    guard .info >= level, let output else { return }
    output.append(.info, "request", context: context) { line in request.write(to: &line) }
  }

  /// Writes what is waiting, and waits for it. See ``LogOutput/flush(within:)``.
  package func flush() {
    output?.flush()
  }
}
