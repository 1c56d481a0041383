/// How much a log line matters, least first.
package enum LogLevel: String, Sendable, CaseIterable, Comparable {
  /// For finding a fault: one line for each step of a request.
  case debug
  /// The normal course: start, stop, one line for each request.
  case info
  /// Something went wrong that Easel mended or survived by itself.
  case warning
  /// Something that an operator must look at.
  case error

  private var rank: Int {
    switch self {
    case .debug: 0
    case .info: 1
    case .warning: 2
    case .error: 3
    }
  }

  /// A level is less than another if its lines matter less.
  package static func < (a: LogLevel, b: LogLevel) -> Bool { a.rank < b.rank }
}
