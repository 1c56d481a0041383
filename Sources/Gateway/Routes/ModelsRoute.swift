internal import Observability
internal import Images
internal import Chat
internal import OpenAIWire

/// `GET /v1/models`: what the configuration lists, the image models of providers that can be asked, and
/// the image profiles that have one. Upstreams that take any model list none.
enum ModelsRoute {
  static func list(_ context: RequestContext) {
    context.log.route = "/v1/models"
    context.respond(
      json: JSONWriter.object { writer in
        writer.member("object", "list")
        writer.key("data")
        writer.beginArray()
        for model in models(context) { write(model, to: &writer) }
        writer.endArray()
      })
  }

  static func show(_ context: RequestContext, _ name: String) {
    context.log.route = "/v1/models/{id}"
    let id = name.removingPercentEncoding
    if let model = models(context).first(where: { $0.id == id }) {
      var writer = JSONWriter()
      write(model, to: &writer)
      return context.respond(json: writer.bytes)
    }
    guard let route = context.shared.directory.route(id) else {
      return context.fail(
        .notFound(
          "The model '\(id.prefix(128))' does not exist.", param: "model", code: "model_not_found"))
    }
    var writer = JSONWriter()
    write((id, route.targets[0].upstream.name), to: &writer)
    context.respond(json: writer.bytes)
  }

  private static func models(_ context: RequestContext) -> [(id: String, owner: String)] {
    var models = context.shared.directory.listedModels
    var seen = Set(models.map(\.id))
    for model in context.shared.images.catalog.providers.filter(\.isUsable).flatMap(\.models)
    where seen.insert(model.id).inserted {
      models.append((model.id, model.provider))
    }
    for profile in context.shared.profiles.all
    where context.shared.images.canServe(profile, .generate) {
      models.append((ImageProfile.prefix + profile.name, "easel"))
    }
    return models
  }

  private static func write(_ model: (id: String, owner: String), to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", model.id)
    writer.member("object", "model")
    writer.member("created", 0)
    writer.member("owned_by", model.owner)
    writer.endObject()
  }
}

extension String {
  /// With `%XX` decoded where it stands for UTF-8; otherwise as it is.
  var removingPercentEncoding: String {
    guard utf8.contains(UInt8(ascii: "%")) else { return self }
    var bytes: [UInt8] = []
    var rest = Array(utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self) ?? self
  }
}
