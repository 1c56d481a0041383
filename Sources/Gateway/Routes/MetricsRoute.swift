internal import EventLoop
internal import HTTP
internal import Observability
internal import OpenAIWire

/// `GET /metrics`: what Prometheus scrapes.
enum MetricsRoute {
  static let path = "/metrics"

  static func answer(
    _ context: RequestContext, _ services: [LoopBound<LoopServices>], _ logger: Logger
  ) async {
    context.log.route = path
    guard context.shared.configuration.metrics.enabled else {
      return context.fail(
        .notFound("Metrics are turned off: metrics.enabled.", code: "metrics_off"))
    }
    let format = MetricsFormat(accept: context.exchange.head.headers["accept"])
    let page = MetricsPage(shared: context.shared, services: services, logger: logger)
    var headers = context.fields
    headers.append("content-type", format.rawValue, orDrop: ())
    context.exchange.respond(200, headers, await page.write(format))
  }
}
