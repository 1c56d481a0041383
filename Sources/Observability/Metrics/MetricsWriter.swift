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
    /// Facts, as the labels of a sample that is always 1; its name ends in `_info`.
    case info
  }

  /// Names and values of labels, in their order.
  package typealias Labels = [(name: String, value: String)]

  private let format: MetricsFormat
  private var bytes: [UInt8] = []
  private var family = ""
  private var kind = Kind.gauge

  /// A writer that has written nothing.
  package init(_ format: MetricsFormat) { self.format = format }

  /// Begins a family; its samples follow.
  /// - Parameters:
  ///   - name: with its unit, but without the ending that its kind has.
  ///   - help: one line without backslashes.
  package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    (family, self.kind) = (name, kind)
    // The older format knows no families, only names of samples; nor has it a kind for facts.
    let shown = format == .text ? name + suffix : name
    let word = format == .text && kind == .info ? Kind.gauge : kind
    append("# HELP \(shown) \(help)\n# TYPE \(shown) \(word.rawValue)\n")
  }

  /// What the samples of a counter, a gauge or facts add to the family's name.
  private var suffix: String {
    switch kind {
    case .counter: "_total"
    case .info: "_info"
    case .gauge, .histogram: ""
    }
  }

  /// A sample of a counter or a gauge.
  package mutating func sample(_ labels: Labels, _ value: Double) {
    line(suffix, labels, Self.number(value))
  }

  /// A sample of a counter, a gauge or facts.
  package mutating func sample(_ labels: Labels, _ value: Int) {
    line(suffix, labels, "\(value)")
  }

  /// The only sample of a family.
  package mutating func value(_ value: Double) { sample([], value) }
  /// The only sample of a family.
  package mutating func value(_ value: Int) { sample([], value) }

  /// A histogram.
  package mutating func histogram(_ labels: Labels, _ histogram: DurationHistogram) {
    var sum = 0
    let buckets = zip(DurationHistogram.bounds, histogram.counts).map { bound, count in
      sum += count
      return (bound: Double(bound) / 1e9, count: sum)
    }
    self.histogram(
      labels, buckets: buckets, count: histogram.count, sum: Double(histogram.nanoseconds) / 1e9)
  }

  /// A histogram whose buckets somebody else has counted.
  /// - Parameters:
  ///   - buckets: for each bound, in ascending order, how many were not above it.
  ///   - count: of all.
  ///   - sum: of all.
  package mutating func histogram(
    _ labels: Labels = [], buckets: [(bound: Double, count: Int)], count: Int, sum: Double
  ) {
    // The same for all: a page has hundreds of these lines.
    var begin = MetricsWriter(format)
    begin.append(family)
    begin.append("_bucket")
    begin.append(labels)
    begin.append(labels.isEmpty ? "{le=\"" : ",le=\"")
    for (bound, below) in buckets { bucket(begin.bytes, threshold(bound), below) }
    bucket(begin.bytes, "+Inf", count)
    line("_sum", labels, Self.number(sum))
    line("_count", labels, "\(count)")
  }

  private mutating func bucket(_ begin: [UInt8], _ bound: String, _ count: Int) {
    bytes.append(contentsOf: begin)
    append(bound)
    append("\"} ")
    append("\(count)\n")
  }

  /// Everything that was written.
  package func finished() -> [UInt8] {
    format == .openMetrics ? bytes + Array("# EOF\n".utf8) : bytes
  }

  // MARK: Lines

  private mutating func line(_ suffix: String, _ labels: Labels, _ value: String) {
    append(family)
    append(suffix)
    append(labels)
    append(labels.isEmpty ? " " : "} ")
    append(value)
    append("\n")
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// Adds names and values, without the brace that ends them.
  private mutating func append(_ labels: Labels) {
    var separator = "{"
    for label in labels {
      append(separator)
      append(label.name)
      append("=\"")
      append(LabelText.escaped(label.value))
      append("\"")
      separator = ","
    }
  }

  /// The bound of a bucket. OpenMetrics has one spelling for each number, since labels are compared
  /// as texts: whole ones have a decimal.
  private func threshold(_ bound: Double) -> String {
    let text = Self.number(bound)
    return format == .openMetrics && bound == bound.rounded() ? text + ".0" : text
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }
}
