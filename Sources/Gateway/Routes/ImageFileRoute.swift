internal import Observability
internal import HTTP
internal import Images
internal import OpenAIWire

/// `GET /v1/images/{id}` and `GET /v1/images/{id}/metadata`: stored pictures.
enum ImageFileRoute {
  static func answer(_ context: RequestContext, _ path: String) async {
    context.log.route = "/v1/images/{id}"
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let id = parts.first.map(String.init) ?? ""
    do throws(StoreError) {
      if parts.count == 2, parts[1] == "metadata" { return try await metadata(context, id) }
      guard parts.count == 1,
        let picture = try await context.shared.store.get(id, client: context.services.client)
      else { return context.fail(missing) }
      send(picture, context)
    } catch {
      context.log.problem = error.message
      context.fail(unavailable)
    }
  }

  private static let missing = OpenAIError.notFound(
    "There is no picture of this id, or no longer.", code: "image_not_found")

  private static let unavailable = OpenAIError.unavailable(
    "The store of pictures cannot be read now.", retryAfter: .seconds(5))

  private static func metadata(
    _ context: RequestContext, _ id: String
  ) async throws(StoreError) {
    context.log.route = "/v1/images/{id}/metadata"
    let store = context.shared.store
    guard let json = try await store.metadata(id, client: context.services.client) else {
      return context.fail(missing)
    }
    context.respond(json: json)
  }

  /// A picture never changes, so that its id is its version.
  private static func send(_ picture: StoredPicture, _ context: RequestContext) {
    let request = context.exchange.head.headers
    let tag = "\"\(picture.id)\""
    var fields = context.fields
    fields.append("etag", tag, orDrop: ())
    fields.append("cache-control", "public, max-age=31536000, immutable", orDrop: ())
    fields.append("accept-ranges", "bytes", orDrop: ())
    // Whatever the bytes are, a browser shows them as this picture and runs nothing of them.
    fields.append("x-content-type-options", "nosniff", orDrop: ())
    fields.append("content-security-policy", "default-src 'none'", orDrop: ())
    if let known = request["if-none-match"], known == "*" || known.contains(tag) {
      return context.exchange.respond(304, fields, [])
    }
    let isCurrent = request["if-range"].map { $0 == tag } ?? true
    let size = picture.bytes.count
    // A range means something to GET alone (RFC 9110, section 14.2).
    let isPartial = isCurrent && context.exchange.head.method == .get
    switch isPartial ? ByteRange(request["range"], size: size) : .whole {
    case .whole:
      fields.append("content-type", picture.format.contentType, orDrop: ())
      context.exchange.respond(200, fields, picture.bytes)
    case .part(let range):
      fields.append("content-type", picture.format.contentType, orDrop: ())
      fields.append(
        "content-range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)", orDrop: ())
      context.exchange.respond(206, fields, Array(picture.bytes[range]))
    case .unsatisfiable:
      fields.append("content-range", "bytes */\(size)", orDrop: ())
      context.exchange.respond(416, fields, [])
    }
  }
}
