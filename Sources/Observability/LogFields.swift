/// A typed value of a log line.
package enum LogValue: Sendable, Hashable {
  case string(String)
  case int(Int)
  /// Written as `null` if it is not finite: JSON has no such numbers.
  case double(Double)
  case bool(Bool)
  /// Written as a number of milliseconds with three decimals; such a field's key ends in `_ms`.
  case duration(Duration)
}

extension LogValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral
{
  /// A literal text.
  package init(stringLiteral value: String) { self = .string(value) }
  /// A literal whole number.
  package init(integerLiteral value: Int) { self = .int(value) }
  /// A literal number with a fraction.
  package init(floatLiteral value: Double) { self = .double(value) }
  /// A literal truth value.
  package init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// The fields of a log line, in the order in which they are written.
///
/// Keys are snake_case and are chosen by the code, never by a peer; `time`, `level` and `message`
/// are taken.
package struct LogFields: Sendable, ExpressibleByDictionaryLiteral {
  var entries: [(key: String, value: LogValue)]

  /// Fields written as `["status": 200, "total_ms": .duration(elapsed)]`.
  package init(dictionaryLiteral elements: (String, LogValue)...) {
    entries = elements.map { (key: $0.0, value: $0.1) }
  }

  /// Adds a field behind the others; an absent value adds nothing.
  package mutating func append(_ key: String, _ value: LogValue?) {
    if let value { entries.append((key, value)) }
  }
}
