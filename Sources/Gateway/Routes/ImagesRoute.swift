internal import EventLoop
internal import HTTP
internal import Images
internal import Observability
internal import OpenAIWire

/// OpenAI's images API: generations, edits and variations, and what the gateway adds to it.
enum ImagesRoute {
  static let generations = "/v1/images/generations"
  static let edits = "/v1/images/edits"
  static let variations = "/v1/images/variations"
  static let plan = "/v1/images/plan"
  /// A short form of the same for clients that want one picture's URL.
  static let alias = "/generate-image"

  static func generate(_ context: RequestContext) async {
    await answer(context, generations) { (body) async throws(OpenAIError) in
      try await generation(context, body)
    }
  }

  /// Reads a call that brings a prompt, or a proposal of the same client in place of one.
  private static func generation(
    _ context: RequestContext, _ body: [UInt8]
  ) async throws(OpenAIError) -> ImagesCall {
    var call = try ImagesCall.generation(body)
    if let proposal = call.proposal {
      guard let request = await context.shared.proposals.request(proposal, scope: context.scope)
      else {
        throw .notFound(
          "There is no proposal '\(proposal)', or no longer.", param: "easel.proposal",
          code: "proposal_not_found")
      }
      call.request = request
    }
    return call
  }

  static func edit(_ context: RequestContext) async {
    await answer(context, edits) { (body) throws(OpenAIError) in
      try ImagesCall.edit(
        body, contentType: context.exchange.head.headers["content-type"],
        imageLimit: context.shared.configuration.limits.image.bytes)
    }
  }

  static func vary(_ context: RequestContext) async {
    await answer(context, variations) { (body) throws(OpenAIError) in
      try ImagesCall.variation(
        body, contentType: context.exchange.head.headers["content-type"],
        imageLimit: context.shared.configuration.limits.image.bytes)
    }
  }

  private static func answer(
    _ context: RequestContext, _ route: String,
    _ read: ([UInt8]) async throws(OpenAIError) -> ImagesCall
  ) async {
    context.log.route = route
    do throws(OpenAIError) {
      let body = try await context.body()
      let call = try await read(body)
      context.log.model = call.request.model
      try await ImagesResponder(context: context, call: call, body: body).answer()
    } catch {
      context.failUnlessGone(error)
    }
  }

  /// `POST /v1/images/plan`: what would happen, without drawing.
  static func plan(_ context: RequestContext) async {
    context.log.route = plan
    do throws(OpenAIError) {
      var call = try await generation(context, try await context.body())
      context.log.model = call.request.model
      if call.proposal == nil { try context.shared.profiles.apply(to: &call.request) }
      let route: ImageRoute
      do throws(ImageFailure) { route = try context.shared.images.forecast(call.request) } catch {
        throw error.openAIError
      }
      context.respond(
        json: JSONWriter.object { writer in
          let plan = ImagePlan(call.request, route)
          writer.member("object", "image.plan")
          writer.member("available", plan != nil)
          plan?.write(to: &writer)
          ImagePlan.unavailable(route, to: &writer)
        })
    } catch {
      context.fail(error)
    }
  }

  /// `POST /generate-image`: one picture, by its URL.
  static func generateOne(_ context: RequestContext) async {
    context.log.route = alias
    do throws(OpenAIError) {
      let body = try await context.body()
      var call = try await generation(context, body)
      if call.proposal == nil { call.request.count = 1 }
      call.format = .url
      call.isStreamed = false
      context.log.model = call.request.model
      let responder = ImagesResponder(context: context, call: call, body: body)
      try await responder.answer { result, kept in
        JSONWriter.object { writer in
          writer.member("imageUrl", kept.first?.url)
          writer.member("provider", result.model.provider)
          writer.member("model", result.model.id)
          writer.member("cost", dollarsOrNull: result.cost)
          writer.member("fallbackUsed", !result.passedOver.isEmpty)
          writer.key("llmApiCall")
          writer.beginObject()
          writer.member("type", "image_generation")
          writer.member("provider", result.model.provider)
          writer.member("model", result.model.id)
          writer.member("cost", dollarsOrNull: result.cost)
          writer.member("request_id", context.id)
          writer.endObject()
        }
      }
    } catch {
      context.failUnlessGone(error)
    }
  }
}
