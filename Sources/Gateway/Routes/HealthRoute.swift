internal import Observability
internal import Images
internal import Chat
internal import OpenAIWire

/// Whether the process lives, and whether it wants traffic.
enum HealthRoute {
  /// Depends on nothing but the loop that answers.
  static func live(_ context: RequestContext) {
    context.log.route = "/health/live"
    context.respond(json: JSONWriter.object { $0.member("status", "ok") })
  }

  /// Fails once the gateway is to stop.
  static func ready(_ context: RequestContext) {
    context.log.route = "/health/ready"
    let isDraining = context.shared.lifecycle.isDraining
    context.respond(
      isDraining ? 503 : 200,
      json: JSONWriter.object { writer in
        writer.member("status", isDraining ? "draining" : "ok")
        writer.member("upstreams", context.shared.directory.upstreams.count)
        writer.member(
          "image_models", context.shared.images.catalog.providers.flatMap(\.models).count)
      })
  }
}
