/// What is counted for Prometheus.
package struct MetricsConfiguration: Sendable, Hashable {
  /// Whether anything is counted, and `/metrics` answers; default true.
  package var enabled = true

  /// The defaults.
  package init() {}
}

extension MetricsConfiguration {
  mutating func read(_ settings: inout SettingsReader) { settings.read("enabled", &enabled) }
}
