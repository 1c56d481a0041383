internal import EventLoop
internal import Images
internal import Observability
internal import Resilience
internal import State

/// Everything that is counted, as Prometheus reads it.
struct MetricsPage {
  let shared: SharedServices
  let services: [LoopBound<LoopServices>]
  let logger: Logger

  /// Asks every loop, and writes it all.
  func write(_ format: MetricsFormat) async -> [UInt8] {
    var figures = LoopMetrics.Figures()
    for bound in services {
      if let part = try? await bound.loop.run({ bound.value.metrics.figures }) { figures += part }
    }
    let process = try? await services[0].loop.run {
      try await services[0].loop.offload { ProcessStatistics() }
    }
    var writer = MetricsWriter(format)
    writer.family("easel_build", .info, "The version that runs")
    writer.sample([("version", Product.version)], 1)
    Self.requests(figures, &writer)
    connections(&writer)
    Self.upstreams(figures, &writer)
    Self.tools(figures, &writer)
    pictures(figures.series, &writer)
    breakers(&writer)
    state(&writer)
    Self.loops(figures, &writer)
    log(&writer)
    if let process { Self.process(process, &writer) }
    return writer.finished()
  }

  // MARK: Parts

  private static func requests(
    _ figures: LoopMetrics.Figures, _ writer: inout MetricsWriter
  ) {
    let requests = figures.requests.entries.sorted {
      ($0.key.route, $0.key.status, $0.key.outcome) < ($1.key.route, $1.key.status, $1.key.outcome)
    }
    writer.family("easel_requests", .counter, "Requests of clients that are over")
    for (key, request) in requests {
      writer.sample(
        [("route", key.route), ("status", "\(key.status)"), ("outcome", key.outcome)],
        request.count)
    }
    var routes: [String: LoopMetrics.RequestFigures] = [:]
    for (key, request) in requests { routes[key.route, default: .init()] += request }
    let ordered = routes.sorted { $0.key < $1.key }
    writer.family(
      "easel_request_duration_seconds", .histogram, "From a request's head to its answer's end")
    for (route, request) in ordered { writer.histogram([("route", route)], request.total) }
    writer.family(
      "easel_time_to_first_byte_seconds", .histogram,
      "From a request's head to its answer's first byte")
    for (route, request) in ordered { writer.histogram([("route", route)], request.firstByte) }
    writer.family("easel_request_bytes", .counter, "Bytes of requests' bodies")
    for (route, request) in ordered { writer.sample([("route", route)], request.bytesIn) }
    writer.family("easel_response_bytes", .counter, "Bytes of answers' bodies")
    for (route, request) in ordered { writer.sample([("route", route)], request.bytesOut) }
    writer.family("easel_requests_in_flight", .gauge, "Requests of clients under way")
    writer.value(figures.inFlight)
  }

  private static func upstreams(
    _ figures: LoopMetrics.Figures, _ writer: inout MetricsWriter
  ) {
    let upstreams = figures.upstreams.entries.sorted {
      ($0.key.upstream, $0.key.result) < ($1.key.upstream, $1.key.result)
    }
    writer.family("easel_upstream_requests", .counter, "Attempts at chat upstreams that are over")
    for (key, upstream) in upstreams {
      writer.sample([("upstream", key.upstream), ("result", key.result)], upstream.count)
    }
    var sums: [String: LoopMetrics.UpstreamFigures] = [:]
    for (key, upstream) in upstreams { sums[key.upstream, default: .init()] += upstream }
    let ordered = sums.sorted { $0.key < $1.key }
    writer.family(
      "easel_upstream_duration_seconds", .histogram, "From an attempt's begin to its end")
    for (name, upstream) in ordered { writer.histogram([("upstream", name)], upstream.total) }
    writer.family(
      "easel_upstream_time_to_first_byte_seconds", .histogram,
      "From an attempt's begin to the head of the answer")
    for (name, upstream) in ordered { writer.histogram([("upstream", name)], upstream.firstByte) }
  }

  private static func tools(_ figures: LoopMetrics.Figures, _ writer: inout MetricsWriter) {
    writer.family(
      "easel_tool_rounds", .histogram,
      "Calls of the chat model for one answer, where it was offered the gateway's tools")
    let bounds = [1, 2, 3, 4, 5, 6, 8, 10, 20, 50]
    let buckets = bounds.map { bound in
      (
        bound: Double(bound),
        count: figures.rounds.reduce(0) { $0 + ($1.key <= bound ? $1.value : 0) }
      )
    }
    writer.histogram(
      buckets: buckets, count: figures.rounds.values.reduce(0, +),
      sum: Double(figures.rounds.reduce(0) { $0 + $1.key * $1.value }))
  }

  private func pictures(_ loops: SeriesCounts, _ writer: inout MetricsWriter) {
    var (series, durations) = shared.pictureMetrics.figures
    series.add(loops)
    series.write(to: &writer)
    writer.family("easel_image_duration_seconds", .histogram, "How long image models took")
    for (name, histogram) in durations.sorted(by: { $0.key < $1.key }) {
      writer.histogram([("provider", name.provider), ("model", name.model)], histogram)
    }
    let load = shared.images.load
    writer.family("easel_images_drawing", .gauge, "Requests for pictures that are being drawn")
    writer.value(load.drawing)
    writer.family("easel_images_waiting", .gauge, "Requests for pictures that wait for their turn")
    writer.value(load.waiting)
    writer.family(
      "easel_images_reserved_bytes", .gauge, "Memory that is reckoned for pictures under way")
    writer.value(load.reserved)
  }

  private func breakers(_ writer: inout MetricsWriter) {
    guard shared.resilience.isEnabled else { return }
    let reports = shared.resilience.board.all.map(\.report)
    writer.family(
      "easel_breaker_open", .gauge, "Whether a circuit breaker keeps calls away: 1, or 0")
    // Models that clients have named have no label of their own, which would be one without bound.
    let isNamed = shared.resilience.isNamedByClient
    let states = Dictionary(grouping: reports) { isNamed($0.key) ? $0.key.common : $0.key }
      .mapValues { Set($0.map(\.state.name)) }
      .sorted { $0.key < $1.key }
    let closed: Set = [BreakerState.closed.name, BreakerState.forcedClosed.name]
    for (key, names) in states {
      writer.sample(key.labels, names.isSubset(of: closed) ? 0 : 1)
    }
    writer.family(
      "easel_breaker_state", .gauge, "The state of a circuit breaker: 1 for the one it is in")
    for (key, names) in states {
      for name in names.sorted() { writer.sample(key.labels + [("state", name)], 1) }
    }
    Self.outliers(reports, &writer)
    writer.family("easel_breaker_transitions", .counter, "Times that a breaker came into a state")
    let transitions = shared.resilience.log.transitions.sorted {
      ($0.key.key.description, $0.key.state) < ($1.key.key.description, $1.key.state)
    }
    for (kind, count) in transitions {
      writer.sample(kind.key.labels + [("state", kind.state)], count)
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

  private func state(_ writer: inout MetricsWriter) {
    let store = shared.resilience.store
    let counts = store.statistics.counts
    writer.family(
      "easel_state_available", .gauge,
      "Whether the store of shared state is there and takes what it is told")
    writer.value(shared.resilience.board.hasStore ? 1 : 0)
    writer.family(
      "easel_state_operation_duration_seconds", .histogram, "How long the store took to answer")
    Self.histogram(counts.durations, sum: counts.seconds, &writer)
    writer.family(
      "easel_state_wait_seconds", .histogram, "How long requests waited for the store")
    Self.histogram(counts.waits, sum: counts.waitingSeconds, &writer)
    writer.family("easel_state_errors", .counter, "Operations that the store did not do")
    for (kind, count) in counts.failures.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      writer.sample([("kind", kind.rawValue)], count)
    }
    writer.family("easel_state_reconnects", .counter, "Connections to the store made anew")
    writer.value(counts.reconnects)
  }

  /// - Parameter counts: for each bound of ``StateStatistics``, and all.
  private static func histogram(_ counts: [Int], sum: Double, _ writer: inout MetricsWriter) {
    let buckets = zip(StateStatistics.bounds, counts).map { (bound: $0.0, count: $0.1) }
    writer.histogram(buckets: buckets, count: counts.last ?? 0, sum: sum)
  }
}

extension BreakerKey {
  fileprivate var labels: MetricsWriter.Labels {
    [("kind", kind.rawValue), ("provider", provider), ("model", model)]
  }
}
