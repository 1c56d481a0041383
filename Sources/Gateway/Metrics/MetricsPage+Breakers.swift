internal import Chat
internal import Images
internal import Observability
internal import Resilience

/// What is known of providers: their breakers, how they differ, and how checks have gone.
///
/// Models that clients have named have no labels of their own, which would be some without bound: they
/// are counted with the breaker `*` of their upstream.
extension MetricsPage {
  func breakers(_ writer: inout MetricsWriter) {
    guard shared.resilience.isEnabled else { return }
    let reports = shared.resilience.board.all.map(\.report)
    let isNamed = shared.resilience.isNamedByClient
    let groups = Dictionary(grouping: reports) { isNamed($0.key) ? $0.key.common : $0.key }
      .sorted { $0.key < $1.key }
    writer.family(
      "easel_breaker_open", .gauge,
      "Whether a circuit breaker keeps calls away: 1, or 0; for the model * how many do")
    for (key, group) in groups { writer.sample(key.labels, group.count(where: \.keepsCallsAway)) }
    // Of `*` the breaker's own: a model's may be in another state, and one series tells one.
    writer.family(
      "easel_breaker_state", .gauge,
      "The state of a circuit breaker: 1 for the one it is in, 0 for all others")
    for (key, group) in groups {
      let present = group.first { $0.key == key }?.state ?? .closed
      for state in BreakerState.names {
        writer.sample(key.labels + [("state", state)], state == present.name ? 1 : 0)
      }
    }
    Self.outliers(reports, &writer)
    transitions(of: groups.map(\.key), &writer)
  }

  private func transitions(of keys: [BreakerKey], _ writer: inout MetricsWriter) {
    var counts = shared.resilience.log.transitions
    for key in keys {
      for state in BreakerState.names {
        counts[.init(key: key, state: state), default: 0] += 0
      }
    }
    writer.family("easel_breaker_transitions", .counter, "Times that a breaker came into a state")
    let sorted = counts.map { (labels: $0.key.key.description, kind: $0.key, count: $0.value) }
      .sorted { ($0.labels, $0.kind.state) < ($1.labels, $1.kind.state) }
    for (_, kind, count) in sorted {
      writer.sample(kind.key.labels + [("state", kind.state)], count)
    }
  }

  func checks(_ writer: inout MetricsWriter) {
    writer.family(
      "easel_check_up", .gauge,
      "Whether the last active check found the provider to be there and to take the key: 1, or 0")
    guard let monitor = shared.resilience.monitor else { return }
    let providers =
      shared.directory.upstreams.map { OutlierRule.Provider(.chat, $0.name) }
      + shared.images.catalog.providers.map { OutlierRule.Provider(.image, $0.name) }
    for provider in providers {
      guard let report = monitor.report(provider.kind, provider: provider.name) else { continue }
      writer.sample(
        [("kind", provider.kind.rawValue), ("provider", provider.name)],
        report.last.failure == nil ? 1 : 0)
    }
  }

  private static func outliers(_ reports: [BreakerReport], _ writer: inout MetricsWriter) {
    let found = OutlierRule().outliers(among: reports)
    let providers = Set(reports.map { OutlierRule.Provider($0.key.kind, $0.key.provider) })
    writer.family(
      "easel_provider_outlier", .gauge,
      "Whether a provider differs from its peers over five minutes: 1, or 0")
    for provider in providers.sorted(by: {
      ($0.kind.rawValue, $0.name) < ($1.kind.rawValue, $1.name)
    }) {
      for reason in OutlierRule.Reason.allCases {
        let differs = found[provider]?.contains { $0.reason == reason } ?? false
        writer.sample(
          [
            ("kind", provider.kind.rawValue), ("provider", provider.name),
            ("reason", reason.rawValue),
          ], differs ? 1 : 0)
      }
    }
  }
}

extension BreakerReport {
  fileprivate var keepsCallsAway: Bool {
    switch state {
    case .closed, .forcedClosed: false
    case .coolingDown: !rests
    case .open, .halfOpen, .badKey, .noCredit, .forcedOpen: true
    }
  }
}

extension BreakerKey {
  fileprivate var labels: MetricsWriter.Labels {
    [("kind", kind.rawValue), ("provider", provider), ("model", model)]
  }
}
