internal import EventLoop
internal import HTTP
internal import Images
internal import Observability
internal import OpenAIWire

/// Has the pictures of a call made, and answers with them. Loop-bound.
struct ImagesResponder {
  let context: RequestContext
  let call: ImagesCall
  /// As it came: by it a repetition is known.
  let body: [UInt8]

  func answer() async throws(OpenAIError) {
    if call.isStreamed { return try await stream() }
    let drawn = try await draw(partial: nil)
    context.log.upstream = drawn.result.model.provider
    let answer = ImagesAnswer(
      drawn.result, ids: drawn.kept.map(\.id), created: WallClock.seconds)
    await context.respond(
      largeJSON: answer.body(urls: call.format == .url ? drawn.kept.map(\.url) : nil),
      extra: Self.fields(drawn))
    // The place is held until the answer is with the client.
    withExtendedLifetime(drawn) {}
  }

  /// Answers with another body than OpenAI's.
  func answer(
    _ body: (ImageResult, [KeptPicture]) -> [UInt8]
  ) async throws(OpenAIError) {
    let drawn = try await draw(partial: nil)
    context.log.upstream = drawn.result.model.provider
    context.respond(json: body(drawn.result, drawn.kept), extra: Self.fields(drawn))
  }

  /// What a call came to.
  private struct Drawn {
    var result: ImageResult
    var kept: [KeptPicture]
    /// US dollars, of what was made now: a repetition costs nothing. Nil where it is not known.
    var cost: Double?
  }

  /// What is to be drawn: with the pictures that the call names by URLs, and with its profile in
  /// effect, which may depend on them. What was proposed is drawn as it was proposed.
  private func request() async throws(OpenAIError) -> ImageRequest {
    let limits = context.shared.configuration.limits
    let fetch = InputImageFetch(client: context.services.client, limit: limits.image.bytes)
    var request = try await call.requestWithPictures(fetch: fetch, totalLimit: limits.body.bytes)
    if call.proposal == nil { try context.shared.profiles.apply(to: &request) }
    return request
  }

  /// By which a repetition is known. A body of many megabytes is not hashed on the loop.
  private func fingerprint() async throws(OpenAIError) -> String {
    let (path, scope, body) = (context.exchange.head.path, context.scope, body)
    let type = context.exchange.head.headers["content-type"]
    guard body.count > 64 << 10 else {
      return RequestFingerprint.make(path: path, scope: scope, body: body, contentType: type)
    }
    do {
      return try await context.services.loop.offload {
        RequestFingerprint.make(path: path, scope: scope, body: body, contentType: type)
      }
    } catch {
      throw .unavailable("The gateway has no thread for this request now.")
    }
  }

  /// Draws, or finds what was paid for before: by a proposal, by the client's idempotency key, or by
  /// a first try of the same request, whose answer the client's SDK did not get.
  private func draw(
    partial: ((PartialImage) async -> Void)?
  ) async throws(OpenAIError) -> Drawn {
    let studio = PictureStudio(context)
    let (paid, loop, scope) = (context.shared.paid, context.services.loop, context.scope)
    let headers = context.exchange.head.headers
    let fingerprint = try await fingerprint()
    var made: ImageResult?
    var cost: Double? = 0
    func make(
      _ request: ImageRequest, needsStore: Bool, after begun: ImageResult? = nil
    ) async throws(OpenAIError) -> (result: ImageResult, kept: [KeptPicture]) {
      let drawn = try await studio.make(
        request, needsStore: needsStore, finishesPaidCalls: true, after: begun, partial: partial)
      cost = drawn.result.cost
      return drawn
    }
    func makeAll() async throws(OpenAIError) -> KeptPictures {
      let drawn = try await make(
        try await request(), needsStore: call.format == .url && !call.isStreamed)
      made = drawn.result
      return KeptPictures(drawn.result, drawn.kept)
    }
    func makeRest(of begun: KeptPictures) async throws(OpenAIError) -> KeptPictures {
      let drawn = try await make(
        try await request(), needsStore: !begun.isEmpty || call.format == .url && !call.isStreamed,
        after: begun.result)
      let whole = begun.joined(with: KeptPictures(drawn.result, drawn.kept))
      if begun.isEmpty {
        made = whole.result
        made?.images = drawn.result.images
        made?.place = drawn.result.place
      }
      return whole
    }
    var kept: KeptPictures
    if let proposal = call.proposal {
      kept = try await paid.once(
        "proposal \(scope) \(proposal)", fingerprint: proposal, on: loop, makeAll)
    } else if let key = headers["idempotency-key"], !key.isEmpty {
      kept = try await paid.once(
        "key \(scope) \(key)", fingerprint: fingerprint, on: loop, makeAll)
    } else if let count = headers["x-stainless-retry-count"].flatMap({ Int($0) }), count > 0,
      let before = try await paid.outcome(of: fingerprint, on: loop)?.kept()
    {
      kept = before
    } else {
      kept = try await paid.anew(fingerprint, on: loop, makeAll)
    }
    if let made {
      guard !kept.isEmpty else { throw .clientHasLeft }
      return Drawn(result: made, kept: kept.pictures, cost: cost)
    }
    // What was missing when the client of a try left is made once, too; which try, its pictures tell.
    while kept.isWhole, kept.result.missing > 0 {
      let begun = kept
      do throws(OpenAIError) {
        kept = try await paid.once("rest of \(begun.id)", fingerprint: "", on: loop) {
          () throws(OpenAIError) in try await makeRest(of: begun)
        }
      } catch {
        guard !begun.isEmpty, !error.isClientGone else { throw error }
        kept = begun.without(rest: error)
      }
    }
    if let made, !kept.isEmpty { return Drawn(result: made, kept: kept.pictures, cost: cost) }
    guard kept.isWhole else {
      var lost = OpenAIError.notFound(
        "The picture was made, but could not be kept.", code: "image_not_found")
      lost.shouldRetry = false
      throw lost
    }
    let needsBytes = call.format == .base64 || call.isStreamed
    return Drawn(
      result: needsBytes ? try await studio.load(kept) : kept.result,
      kept: needsBytes ? kept.pictures : try await studio.locate(kept), cost: cost)
  }

  /// Answers with events: unfinished pictures as they come, a comment where none has come for a
  /// while, and each finished picture. Until the first byte a failure has a status of its own.
  private func stream() async throws(OpenAIError) {
    let exchange = context.exchange
    let operation = call.request.operation
    var head = context.fields
    head.append("content-type", "text/event-stream", orDrop: ())
    head.append("cache-control", "no-cache", orDrop: ())
    func send(_ event: [UInt8]) {
      if !exchange.hasStarted { context.startEvents(200, head) }
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
      let drawn = try await draw(partial: partial)
      context.log.upstream = drawn.result.model.provider
      if !exchange.hasStarted {
        head.append(contentsOf: Self.fields(drawn))
        context.startEvents(200, head)
      }
      // An event in pieces has no place for another one.
      exchange.lastWords = []
      let answer = ImagesAnswer(
        drawn.result, ids: drawn.kept.map(\.id), created: WallClock.seconds)
      for index in drawn.result.images.indices {
        do throws(HTTPServerError) {
          let event = answer.completed(index, operation: operation)
          try await exchange.write(Array("event: \(event.type)\ndata: ".utf8))
          try await exchange.write(inPieces: event.data)
          try await exchange.write(Array("\n\n".utf8))
        } catch {
          return
        }
      }
      exchange.finish()
      withExtendedLifetime(drawn) {}
    } catch {
      guard exchange.hasStarted, !exchange.isClientGone else { throw error }
      // The SDKs raise an error for an event that holds one.
      exchange.finish(last: SSEWriter.event(data: error.body(), event: "error"))
      context.log.outcome = .upstreamError
    }
  }

  private static func fields(_ drawn: Drawn) -> HeaderFields {
    let result = drawn.result
    var fields = HeaderFields()
    fields.append("x-easel-provider", result.model.provider, orDrop: ())
    fields.append("x-easel-model", result.model.id, orDrop: ())
    if let cost = drawn.cost?.roundedToCentHundredths {
      fields.append("x-easel-cost-usd", "\(cost)", orDrop: ())
    }
    if let list = ImageResult.PassedOver.field(result.passedOver) {
      fields.append("x-easel-fallback", list, orDrop: ())
    }
    return fields
  }
}

extension PaidRequests.Outcome {
  /// What a repetition gets; nil where it is to draw by itself.
  /// - Throws: a failure that may have been paid for.
  fileprivate func kept() throws(OpenAIError) -> KeptPictures? {
    switch self {
    case .success(let kept): return kept
    case .failure(let error):
      guard PaidRequests.isKept(error) else { return nil }
      throw error
    }
  }
}
