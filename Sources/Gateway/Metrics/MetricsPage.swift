internal import EventLoop
internal import Images
internal import Observability

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
    let known = KnownSeries(shared)
    known.prepare(&figures)
    var writer = MetricsWriter(format)
    writer.family("easel_build", .info, "The version that runs")
    writer.sample([("version", Product.version)], 1)
    Self.requests(figures, &writer)
    connections(&writer)
    Self.upstreams(figures, &writer)
    queues(&writer)
    Self.tools(figures, &writer)
    pictures(figures.series, known, &writer)
    breakers(&writer)
    checks(&writer)
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

  private func pictures(
    _ loops: SeriesCounts, _ known: KnownSeries, _ writer: inout MetricsWriter
  ) {
    var (series, durations) = shared.pictureMetrics.figures
    series.add(loops)
    known.prepare(&series)
    for model in known.models {
      durations[.init(provider: model.provider, model: model.id), default: .init()] += .init()
    }
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
}
