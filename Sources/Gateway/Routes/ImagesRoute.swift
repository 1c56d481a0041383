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
      var call = try ImagesCall.generation(try await context.body())
      context.log.model = call.request.model
      if let proposal = call.proposal {
        guard let request = context.shared.proposals.request(proposal, scope: context.scope) else {
          throw .notFound(
            "There is no proposal '\(proposal)', or no longer.", param: "easel.proposal",
            code: "proposal_not_found")
        }
        call.request = request
      }
      try await ImagesResponder(context: context, call: call).answer()
    } catch {
      context.failUnlessGone(error)
    }
  }
}

/// Has the pictures of a call made, and answers with them. Loop-bound.
struct ImagesResponder {
  let context: RequestContext
  let call: ImagesCall

  func answer() async throws(OpenAIError) {
    let studio = PictureStudio(context)
    let result: ImageResult
    let ids: [String]
    var wasPaid = true
    if let proposal = call.proposal {
      var made: ImageResult?
      let kept = try await context.shared.paid.once(
        "proposal \(proposal)", on: context.services.loop
      ) { () async throws(OpenAIError) -> KeptPictures in
        let (result, ids) = try await studio.make(call.request, finishesPaidCalls: true)
        made = result
        return KeptPictures(result, ids: ids)
      }
      wasPaid = made != nil
      ids = kept.ids
      if let made { result = made } else { result = try await studio.load(kept) }
    } else if call.isStreamed {
      return try await stream(studio)
    } else {
      (result, ids) = try await studio.make(call.request, finishesPaidCalls: true)
    }
    context.log.upstream = result.model.provider
    let urls = call.format == .url ? ids.map(context.pictureURL) : nil
    context.respond(
      json: ImagesAnswer(result, ids: ids, created: WallClock.seconds).body(urls: urls),
      extra: Self.fields(result, wasPaid: wasPaid))
  }

  /// Answers with events: unfinished pictures as they come, a comment where none has come for a
  /// while, and each finished picture. Until the first byte a failure has a status of its own.
  private func stream(_ studio: PictureStudio) async throws(OpenAIError) {
    let exchange = context.exchange
    let operation = call.request.operation
    var head = context.fields
    head.append("content-type", "text/event-stream", orDrop: ())
    head.append("cache-control", "no-cache", orDrop: ())
    context.isEventStream = true
    func send(_ event: [UInt8]) {
      if !exchange.hasStarted { exchange.start(200, head) }
      exchange.send(event)
    }
    let pause = context.shared.configuration.imageTool.keepAlive
    let keepAlive = context.services.loop.schedule(after: pause, repeating: pause) {
      if exchange.pendingBytes == 0 { send(SSEWriter.comment("drawing")) }
    }
    defer { keepAlive.cancel() }
    do throws(OpenAIError) {
      let shows = call.request.partialImages > 0
      let partial: ((PartialImage) async -> Void)? =
        shows
        ? { picture in
          send(ImagesAnswer.partial(picture, operation: operation, created: WallClock.seconds))
        } : nil
      let (result, ids) = try await studio.make(
        call.request, finishesPaidCalls: true, partial: partial)
      context.log.upstream = result.model.provider
      if !exchange.hasStarted {
        head.append(contentsOf: Self.fields(result, wasPaid: true))
        exchange.start(200, head)
      }
      let answer = ImagesAnswer(result, ids: ids, created: WallClock.seconds)
      for index in result.images.indices {
        do throws(HTTPServerError) {
          try await exchange.write(answer.completed(index, operation: operation))
        } catch {
          return
        }
      }
      exchange.finish()
    } catch {
      guard exchange.hasStarted, !exchange.isClientGone else { throw error }
      // The SDKs raise an error for an event that holds one.
      exchange.finish(last: SSEWriter.event(data: error.body(), event: "error"))
      context.log.outcome = .upstreamError
    }
  }

  /// - Parameter wasPaid: whether it was made now; a repetition costs nothing.
  private static func fields(_ result: ImageResult, wasPaid: Bool) -> HeaderFields {
    var fields = HeaderFields()
    fields.append("x-easel-provider", result.model.provider, orDrop: ())
    fields.append("x-easel-model", result.model.id, orDrop: ())
    let cost = wasPaid ? result.cost : 0
    if let cost { fields.append("x-easel-cost-usd", "\(cost)", orDrop: ()) }
    if !result.passedOver.isEmpty {
      let list = result.passedOver.map { "\($0.model);reason=\($0.reason)" }
      fields.append("x-easel-fallback", list.joined(separator: ", "), orDrop: ())
    }
    return fields
  }
}
