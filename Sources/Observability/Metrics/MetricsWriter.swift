/// Writes metrics in Prometheus's text format, or as OpenMetrics where the reader asks for it.
/// https://prometheus.io/docs/instrumenting/exposition_formats/
/// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
package struct MetricsWriter: Sendable {
  /// What a family is.
  package enum Kind: String, Sendable {
    /// Only grows; its name ends in `_total`.
    case counter
    /// Goes up and down.
    case gauge
    /// Counts in buckets.
    case histogram
  }

  /// The two formats, by the media types that stand for them.
  package enum Format: String, Sendable {
    case text = "text/plain; version=0.0.4; charset=utf-8"
    case openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    /// The format that an `Accept` field asks for.
    package init(accept: String?) {
      let wantsOpenMetrics = accept?.contains("application/openmetrics-text") ?? false
      self = wantsOpenMetrics ? .openMetrics : .text
    }
  }

  /// Names and values of labels, in their order.
  package typealias Labels = [(name: String, value: String)]

  private let format: Format
  private var text = ""
  private var family = ""
  private var kind = Kind.gauge

  /// Bytes of a label's value.
  private static let longestValue = 128

  /// A writer that has written nothing.
  package init(_ format: Format) { self.format = format }

  /// Begins a family; its samples follow.
  /// - Parameter name: with its unit, and for a counter without `_total`.
  package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    (family, self.kind) = (name, kind)
    let shown = kind == .counter && format == .text ? name + "_total" : name
    text += "# HELP \(shown) \(help)\n# TYPE \(shown) \(kind.rawValue)\n"
  }

  /// A sample of a counter or a gauge.
  package mutating func sample(_ labels: Labels, _ value: Double) {
    line(kind == .counter ? "_total" : "", labels, Self.number(value))
  }

  /// A sample of a counter or a gauge.
  package mutating func sample(_ labels: Labels, _ value: Int) {
    line(kind == .counter ? "_total" : "", labels, "\(value)")
  }

  /// The only sample of a family.
  package mutating func value(_ value: Double) { sample([], value) }
  /// The only sample of a family.
  package mutating func value(_ value: Int) { sample([], value) }

  /// A histogram.
  package mutating func histogram(_ labels: Labels = [], _ histogram: DurationHistogram) {
    var sum = 0
    for (index, bound) in DurationHistogram.bounds.enumerated() {
      sum += histogram.counts[index]
      line("_bucket", labels + [("le", Self.number(Double(bound) / 1e9))], "\(sum)")
    }
    buckets(labels, count: histogram.count, seconds: Double(histogram.nanoseconds) / 1e9)
  }

  /// A histogram whose buckets somebody else has counted.
  /// - Parameter buckets: for each bound, in seconds, how many were no longer.
  package mutating func histogram(
    _ labels: Labels = [], buckets: [(bound: Double, count: Int)], count: Int, seconds: Double
  ) {
    for (bound, count) in buckets {
      line("_bucket", labels + [("le", Self.number(bound))], "\(count)")
    }
    self.buckets(labels, count: count, seconds: seconds)
  }

  private mutating func buckets(_ labels: Labels, count: Int, seconds: Double) {
    line("_bucket", labels + [("le", "+Inf")], "\(count)")
    line("_sum", labels, Self.number(seconds))
    line("_count", labels, "\(count)")
  }

  /// Everything that was written.
  package func finished() -> [UInt8] {
    Array((format == .openMetrics ? text + "# EOF\n" : text).utf8)
  }

  // MARK: Lines

  private mutating func line(_ suffix: String, _ labels: Labels, _ value: String) {
    text += family + suffix
    if !labels.isEmpty {
      let list = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
      text += "{\(list.joined(separator: ","))}"
    }
    text += " \(value)\n"
  }

  private static func escaped(_ value: String) -> String {
    var result = ""
    for character in value.unicodeScalars {
      guard result.utf8.count < longestValue else { break }
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }
}
