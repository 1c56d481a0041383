internal import EventLoop
internal import HTTP
internal import Observability
internal import OpenAIWire
internal import Resilience

/// Finds the route of a request, and writes its log line.
struct Router: Sendable {
  let shared: SharedServices
  let services: [LoopBound<LoopServices>]
  let logger: Logger

  func handle(_ exchange: Exchange) async {
    let own = services[exchange.loop.index].value
    let context = RequestContext(exchange, shared, own)
    if own.counts { own.metrics.began() }
    await StoreWait.$current.withValue(StoreWait()) { await route(context) }
    let log = context.finish()
    if own.counts { own.metrics.ended(log) }
    logger.log(log)
  }

  private func route(_ context: RequestContext) async {
    let method = context.exchange.head.method
    let path = context.exchange.head.path
    switch (method, path) {
    case (.post, "/v1/chat/completions"):
      await ChatRoute.answer(context)
    case (.post, ImagesRoute.generations):
      await ImagesRoute.generate(context)
    case (.post, ImagesRoute.edits): await ImagesRoute.edit(context)
    case (.post, ImagesRoute.variations): await ImagesRoute.vary(context)
    case (.post, ImagesRoute.plan): await ImagesRoute.plan(context)
    case (.post, ImagesRoute.alias): await ImagesRoute.generateOne(context)
    case (.get, "/v1/models"), (.head, "/v1/models"):
      ModelsRoute.list(context)
    case (.get, "/health/live"), (.head, "/health/live"):
      HealthRoute.live(context)
    case (.get, "/health/ready"), (.head, "/health/ready"):
      HealthRoute.ready(context)
    case (.get, "/health"), (.head, "/health"):
      HealthRoute.all(context)
    case (.get, HealthRoute.providerPaths[0]), (.head, HealthRoute.providerPaths[0]),
      (.get, HealthRoute.providerPaths[1]), (.head, HealthRoute.providerPaths[1]):
      HealthRoute.providers(context)
    case (.get, MetricsRoute.path), (.head, MetricsRoute.path):
      await MetricsRoute.answer(context, services, logger)
    case (.options, _):
      options(context)
    default:
      await routePrefix(context, method, path)
    }
  }

  private func routePrefix(_ context: RequestContext, _ method: HTTPMethod, _ path: String) async {
    if let model = path.dropping(prefix: "/v1/models/"), method == .get || method == .head {
      return ModelsRoute.show(context, model)
    }
    if let id = path.dropping(prefix: "/v1/images/"), method == .get || method == .head,
      !Self.known.contains(where: { $0.path == path })
    {
      return await ImageFileRoute.answer(context, id)
    }
    if let name = path.dropping(prefix: AdminRoute.prefix), method == .post {
      return await AdminRoute.command(context, name, logger)
    }
    if method == .post, let name = RelayRoute.paths.first(where: path.isBelow) {
      return await RelayRoute.answer(context, name)
    }
    // A body that is read in two ways is refused also where nobody asks for it.
    if let error = await context.malformedBody() { return context.fail(error) }
    if case .other(let name) = method {
      return context.fail(.notImplemented("The method \(name.prefix(32)) is not known here."))
    }
    if Self.known.contains(where: { $0.path == path }) {
      let allowed = Self.known.filter { $0.path == path }.map(\.methods).joined(separator: ", ")
      var error = OpenAIError.methodNotAllowed(
        "\(path) does not answer \(method.name.prefix(32)). Use \(allowed).")
      error.headers.append((name: "allow", value: allowed))
      return context.fail(error)
    }
    context.fail(
      .notFound(
        "There is no \(method.name.prefix(32)) \(path.prefix(256)) here.", code: "unknown_url"))
  }

  private static let known: [(path: String, methods: String)] = [
    ("/v1/chat/completions", "POST"), ("/v1/images/generations", "POST"),
    (ImagesRoute.edits, "POST"), (ImagesRoute.variations, "POST"), (ImagesRoute.plan, "POST"),
    (ImagesRoute.alias, "POST"), ("/v1/models", "GET, HEAD"),
    ("/health/live", "GET, HEAD"), ("/health/ready", "GET, HEAD"), ("/health", "GET, HEAD"),
    (MetricsRoute.path, "GET, HEAD"),
    (HealthRoute.providerPaths[0], "GET, HEAD"), (HealthRoute.providerPaths[1], "GET, HEAD"),
  ]

  private func options(_ context: RequestContext) {
    context.log.route = "options"
    var headers = context.fields
    let path = context.exchange.head.path
    let methods = Self.known.first { $0.path == path }?.methods ?? "GET, HEAD, POST"
    headers.append("allow", methods + ", OPTIONS", orDrop: ())
    context.exchange.respond(204, headers, [])
  }
}

extension String {
  func dropping(prefix: String) -> String? {
    guard hasPrefix(prefix), count > prefix.count else { return nil }
    return String(dropFirst(prefix.count))
  }

  /// Whether this path is `base` or lies below it.
  fileprivate func isBelow(_ base: String) -> Bool { self == base || hasPrefix(base + "/") }
}
