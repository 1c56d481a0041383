internal import Chat
internal import Images
internal import OpenAIWire
internal import Resilience
internal import State

/// What is known of the providers, as JSON for dashboards: cheap enough to be asked each second. Every
/// member is always there, null where nothing is known, so that readers find the same shape each time.
struct HealthPage {
  let shared: SharedServices

  /// How the gateway is as a whole.
  enum Status: String {
    /// Everyone who is configured can be asked.
    case ok
    /// Someone cannot be asked now, others can.
    case degraded
    /// No chat upstream can be asked.
    case unavailable
    /// The gateway is to stop.
    case draining
  }

  private var resilience: ResilienceServices { shared.resilience }

  var status: Status {
    if shared.lifecycle.isDraining { return .draining }
    if !canChat { return .unavailable }
    let isDegraded = resilience.board.all.contains { !isAvailable($0) }
    return isDegraded ? .degraded : .ok
  }

  /// Whether any chat upstream could be asked now. One of whose breakers nothing is known yet could.
  var canChat: Bool {
    guard resilience.isEnabled else { return true }
    let breakers = resilience.board.all.filter { $0.key.kind == .chat }
    return shared.directory.upstreams.contains { upstream in
      let own = breakers.filter { $0.key.provider == upstream.name }
      // Of models that clients have named only those that have answered tell of the upstream; where
      // there are any, or others that are listed, that nothing is known of further ones says nothing.
      let telling = own.filter { breaker in
        resilience.isNamedByClient(breaker.key)
          ? breaker.hasSucceeded : breaker.key != breaker.key.common
      }
      return own.isEmpty || (telling.isEmpty ? own : telling).contains(where: isAvailable)
    }
  }

  private func isAvailable(_ breaker: SharedBreaker) -> Bool {
    availability(of: breaker.key).isAvailable
  }

  /// Whether a model may be asked now, as its calls would find it.
  private func availability(of key: BreakerKey) -> Availability {
    let isNamed = resilience.isNamedByClient(key)
    return resilience.checker.availability(
      of: isNamed ? resilience.board.breaker(ofNamed: key).key : key)
  }

  // MARK: JSON

  /// `GET /health/providers`.
  func providers() -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("status", status.rawValue)
      writer.member("time", Int(clamping: resilience.board.clock.now))
      writeState(to: &writer)
      writer.key("providers")
      writer.beginArray()
      let all = resilience.board.all.map(\.report)
      let outliers = OutlierRule().outliers(among: all)
      let reports = Dictionary(grouping: all) { report in
        OutlierRule.Provider(report.key.kind, report.key.provider)
      }
      for upstream in shared.directory.upstreams {
        let name = OutlierRule.Provider(.chat, upstream.name)
        let key = upstream.apiKey != nil || upstream.forwardsAuthorization
        write(
          name, key: (key, upstream.keyVariable), flag: (true, nil), reports[name] ?? [],
          outliers[name] ?? [], to: &writer)
      }
      for provider in shared.images.catalog.providers {
        let name = OutlierRule.Provider(.image, provider.name)
        write(
          name, key: (!provider.lacksKey, provider.keyVariable),
          flag: (provider.isEnabled, provider.featureFlag), reports[name] ?? [],
          outliers[name] ?? [], to: &writer)
      }
      writer.endArray()
    }
  }

  private func write(
    _ provider: OutlierRule.Provider, key: (Bool, String?), flag: (Bool, String?),
    _ reports: [BreakerReport], _ outliers: [OutlierRule.Outlier], to writer: inout JSONWriter
  ) {
    writer.beginObject()
    writer.member("kind", provider.kind.rawValue)
    writer.member("provider", provider.name)
    writer.member(
      "available",
      flag.0 && (key.0 || provider.kind == .chat)
        && (reports.isEmpty
          || reports.contains { availability(of: $0.key).isAvailable })
    )
    writer.key("key")
    writer.beginObject()
    writer.member("present", key.0)
    writer.member("variable", orNull: key.1)
    writer.endObject()
    writer.key("flag")
    writer.beginObject()
    writer.member("enabled", flag.0)
    writer.member("variable", orNull: flag.1)
    writer.endObject()
    writer.key("check")
    if let check = resilience.monitor?.report(provider.kind, provider: provider.name) {
      check.write(to: &writer)
    } else {
      writer.null()
    }
    writer.key("outliers")
    writer.beginArray()
    for outlier in outliers { outlier.write(to: &writer) }
    writer.endArray()
    writer.key("models")
    writer.beginArray()
    for report in reports { write(report, to: &writer) }
    writer.endArray()
    writer.endObject()
  }

  private func write(_ report: BreakerReport, to writer: inout JSONWriter) {
    let availability = availability(of: report.key)
    writer.beginObject()
    writer.member("model", report.key.model)
    writer.member("available", availability.isAvailable)
    writer.member("obstacle", orNull: availability.obstacle?.rawValue)
    writer.member("reason", orNull: availability.reason)
    writer.key("breaker")
    report.write(to: &writer, canShare: resilience.canShare)
    writer.key("last_error")
    if let failure = report.lastFailure {
      writer.beginObject()
      writer.member("class", failure.reason)
      writer.member("at", Int(clamping: failure.at))
      writer.endObject()
    } else {
      writer.null()
    }
    writer.key("calls")
    report.calls.write(to: &writer)
    writer.endObject()
  }

  /// How many breakers are in each state.
  func writeBreakers(to writer: inout JSONWriter) {
    let states = Dictionary(grouping: resilience.board.all, by: \.report.state.name)
    writer.key("breakers")
    writer.beginObject()
    for state in BreakerState.names { writer.member(state, states[state]?.count ?? 0) }
    writer.endObject()
  }

  /// Whether what is known is shared with other gateways.
  func writeState(to writer: inout JSONWriter) {
    writer.key("state")
    writer.beginObject()
    writer.member("store", resilience.storeName)
    writer.member("available", resilience.board.hasStore)
    writer.endObject()
  }
}

extension BreakerReport {
  fileprivate func write(to writer: inout JSONWriter, canShare: Bool) {
    writer.beginObject()
    writer.member("state", state.name)
    writer.member("since", orNull: since.map { Int(clamping: $0) })
    writer.member("opened_at", orNull: isOpen ? openedAt.map { Int(clamping: $0) } : nil)
    writer.member("next_trial_at", orNull: nextTrialAt.map { Int(clamping: $0) })
    writer.member("next_trial_in_ms", orNull: nextTrialAt.map { Int(clamping: max(0, $0 - now)) })
    writer.member("trips", trips)
    writer.member("failures", counts.failures)
    writer.member("calls", counts.calls)
    writer.member("slow", counts.slow)
    writer.member("failures_of_all", total.failures)
    writer.member("threshold", orNull: settings.failureCount ?? settings.consecutiveFailures)
    writer.member("window_ms", Int(settings.window / .milliseconds(1)))
    writer.member("source", isShared && canShare ? "shared" : "local")
    writer.endObject()
  }

  private var isOpen: Bool {
    switch state {
    case .open, .halfOpen: true
    default: false
    }
  }
}

extension CheckReport {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("status", last.failure == nil ? "up" : "down")
    writer.member("error", orNull: last.failure)
    writer.member("at", Int(clamping: at))
    writer.member("streak", streak)
    writer.endObject()
  }
}

extension OutlierRule.Outlier {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("reason", reason.rawValue)
    writer.member("model", orNull: model)
    writer.member("own", own)
    writer.member("peers", peers)
    writer.endObject()
  }
}

extension OutlierRule {
  /// Who differs among all providers, by their breakers' reports.
  func outliers(among reports: [BreakerReport]) -> [Provider: [Outlier]] {
    outliers(
      among: Dictionary(
        reports.map { ($0.key, $0.calls) }, uniquingKeysWith: { first, _ in first }))
  }
}

extension LatencySummary {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("window_ms", 300_000)
    writer.member("count", calls)
    writer.member("failures", failures)
    writer.member("success_rate", orNull: successRate)
    writer.member("p50_ms", orNull: p50.map { Int(clamping: $0) })
    writer.member("p90_ms", orNull: p90.map { Int(clamping: $0) })
    writer.member("p99_ms", orNull: p99.map { Int(clamping: $0) })
    writer.endObject()
  }
}
