/// The formats that metrics are written in, by the media types that stand for them.
package enum MetricsFormat: String, Sendable {
  /// Prometheus's own, which everything reads.
  case text = "text/plain; version=0.0.4; charset=utf-8"
  /// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
  case openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"

  /// The format that an `Accept` field asks for (RFC 9110, section 12.5.1): OpenMetrics where it is
  /// named and nothing better is, else the text format, wildcards included.
  package init(accept: String?) {
    var text = 0.0
    var openMetrics = 0.0
    for range in (accept ?? "").split(separator: ",") {
      let parts = range.split(separator: ";").map { $0.lowercased().filter { $0 != " " } }
      let weight = Self.value(of: "q", in: parts).map { Double($0) ?? 0 } ?? 1
      switch parts.first {
      case "text/plain": text = max(text, weight)
      case "application/openmetrics-text"
      where Self.value(of: "version", in: parts)?.hasPrefix("1.") ?? true:
        openMetrics = max(openMetrics, weight)
      default: break
      }
    }
    self = openMetrics > 0 && openMetrics >= text ? .openMetrics : .text
  }

  private static func value(of name: String, in parts: [String]) -> String? {
    parts.dropFirst().first { $0.hasPrefix(name + "=") }
      .map { String($0.dropFirst(name.count + 1)) }
  }
}
