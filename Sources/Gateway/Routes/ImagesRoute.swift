internal import EventLoop
internal import HTTP
internal import Images
internal import Observability
internal import OpenAIWire

/// `POST /v1/images/generations`.
enum ImagesRoute {
  static func generate(_ context: RequestContext) async {
    context.log.route = "/v1/images/generations"
    do throws(OpenAIError) {
      let body = try await context.body()
      var call = try ImagesCall.generation(body)
      context.log.model = call.request.model
      if let proposal = call.proposal {
        guard let request = context.shared.proposals.request(proposal, scope: context.scope) else {
          throw .notFound(
            "There is no proposal '\(proposal)', or no longer.", param: "easel.proposal",
            code: "proposal_not_found")
        }
        call.request = request
      }
      try await ImagesResponder(context: context, call: call, body: body).answer()
    } catch {
      context.failUnlessGone(error)
    }
  }
}
