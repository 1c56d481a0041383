internal import Chat
internal import HTTP
internal import Images
internal import Observability
internal import OpenAIWire
internal import Resilience

/// Whether the process lives, whether it wants traffic, and what is known of the providers.
enum HealthRoute {
  /// Where dashboards look; the second is an alias.
  static let providerPaths = ["/health/providers", "/health-check/image-providers"]

  /// Nobody between is to answer with what was so a moment ago.
  private static let fresh: HeaderFields = ["cache-control": "no-store"]

  /// Depends on nothing but the loop that answers.
  static func live(_ context: RequestContext) {
    context.log.route = "/health/live"
    context.respond(json: JSONWriter.object { $0.member("status", "ok") }, extra: fresh)
  }

  /// Fails once the gateway is to stop, and while no chat upstream can be used.
  static func ready(_ context: RequestContext) {
    context.log.route = "/health/ready"
    answer(context) { _, _ in }
  }

  /// Everything in short.
  static func all(_ context: RequestContext) {
    context.log.route = "/health"
    answer(context) { page, writer in
      writer.member("version", Product.version)
      page.writeState(to: &writer)
      page.writeBreakers(to: &writer)
    }
  }

  /// Each provider and model.
  static func providers(_ context: RequestContext) {
    context.log.route = "/health/providers"
    context.respond(json: HealthPage(shared: context.shared).providers(), extra: fresh)
  }

  private static func answer(
    _ context: RequestContext, _ more: (HealthPage, inout JSONWriter) -> Void
  ) {
    let page = HealthPage(shared: context.shared)
    let status = page.status
    let isReady = status == .ok || status == .degraded
    context.respond(
      isReady ? 200 : 503,
      json: JSONWriter.object { writer in
        writer.member("status", status.rawValue)
        writer.member("upstreams", context.shared.directory.upstreams.count)
        writer.member(
          "image_models", context.shared.images.catalog.providers.flatMap(\.models).count)
        more(page, &writer)
      }, extra: fresh)
  }
}
