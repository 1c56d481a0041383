internal import Chat
internal import HTTP
internal import Observability
internal import OpenAIWire

/// The rest of OpenAI's API: relayed to the upstream that has the model.
enum RelayRoute {
  static let paths = [
    "/v1/embeddings", "/v1/completions", "/v1/moderations", "/v1/responses", "/v1/audio",
  ]

  static func answer(_ context: RequestContext, _ route: String) async {
    context.log.route = route
    do throws(OpenAIError) {
      guard staysBelow(context.exchange.head.path) else {
        throw .invalidRequest("The path must not hold '.' or '..' as a part.")
      }
      let body = try await context.body()
      let members = isJSON(context) ? try scan(body) : []
      let model = try model(in: body, members)
      context.log.model = model
      let directory = context.shared.directory
      guard let route = directory.route(model) ?? (model.isEmpty ? directory.first : nil) else {
        throw .unknownModel(model)
      }
      let call = UpstreamCall(route, context.services.upstreams)
      defer { context.log.note(call) }
      await UpstreamRelay(
        context: context, call: call, hasSeveralChoices: hasSeveralChoices(body, members),
        isChat: false, isStreamed: false
      ).relay { target in
        target.request(
          String(context.exchange.head.target.dropFirst("/v1/".count)),
          client: context.exchange.head.headers, requestID: context.id,
          body: try edit(body, model, target.model))
      }
    } catch {
      context.fail(error)
    }
  }

  /// Whether no server takes the path for one that lies elsewhere: the upstream's key opens more
  /// than what is relayed here.
  private static func staysBelow(_ path: String) -> Bool {
    path.removingPercentEncoding.split { $0 == "/" || $0 == "\\" }
      .allSatisfy { $0 != "." && $0 != ".." }
  }

  private static func isJSON(_ context: RequestContext) -> Bool {
    context.exchange.head.headers["content-type"]?.lowercased().contains("json") ?? true
  }

  /// Uploads name their model within a form, which is relayed unread: they go to the first upstream.
  private static func model(
    in body: [UInt8], _ members: [JSONMember]
  ) throws(OpenAIError) -> String {
    guard JSONScanner.duplicates(of: ["model"], in: members, body).isEmpty else {
      throw .invalidRequest(
        "The field 'model' stands twice in the body. Send it once.", param: "model")
    }
    return members.named("model", in: body).flatMap { JSONSlice($0, in: body).string } ?? ""
  }

  /// Whether a completion may answer more than once: `n` times for each prompt.
  private static func hasSeveralChoices(_ body: [UInt8], _ members: [JSONMember]) -> Bool {
    func slice(_ name: String) -> JSONSlice? {
      members.named(name, in: body).map { JSONSlice($0, in: body) }
    }
    if let number = slice("n")?.int, number > 1 { return true }
    // An array of numbers is one prompt, by its tokens.
    guard let prompts = slice("prompt"), prompts.kind == .array else { return false }
    return prompts.elements.prefix(2).filter { $0.kind != .number }.count > 1
  }

  private static func scan(_ body: [UInt8]) throws(OpenAIError) -> [JSONMember] {
    do throws(JSONError) { return try JSONScanner.scanObject(body) } catch {
      throw .invalidJSON(error)
    }
  }

  private static func edit(
    _ body: [UInt8], _ model: String, _ upstreamModel: String
  ) throws(OpenAIError) -> [UInt8] {
    guard model != upstreamModel, let member = try scan(body).named("model", in: body) else {
      return body
    }
    var splice = JSONSplice(body)
    splice.replace(member.value, with: JSONWriter.string(upstreamModel))
    do throws(JSONSpliceError) { return try splice.apply() } catch {
      throw .invalidRequest("The body cannot be edited for the upstream: \(error).")
    }
  }
}

extension OpenAIError {
  static func unknownModel(_ model: String) -> OpenAIError {
    .notFound(
      "The model '\(model.prefix(128))' does not exist here. GET /v1/models lists those that do.",
      param: "model", code: "model_not_found")
  }
}
