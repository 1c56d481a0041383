internal import Chat
internal import HTTP
internal import Observability
internal import OpenAIWire

/// Passes an upstream's answer on as it comes.
struct UpstreamRelay {
  let context: RequestContext
  let upstream: ChatUpstream
  /// The upstream's name for the model, where the request has one.
  let model: String?

  /// Sends the request and relays the answer: status, fields and body untouched.
  func relay(_ request: ClientRequest) async {
    let exchange = context.exchange
    context.log.upstream = upstream.name
    do {
      try await context.services.client(for: upstream).withResponse(request) { response in
        var fields = ForwardedFields.ofAnswer(response.head.headers)
        fields.append(contentsOf: self.context.fields)
        fields.append("x-easel-provider", self.upstream.name, orDrop: ())
        if let model = self.model { fields.append("x-easel-model", model, orDrop: ()) }
        if response.head.status >= 500 { self.context.log.outcome = .upstreamError }
        // The head is held until the first bytes, so that a failure before them has a status.
        let first = try await response.next()
        if let length = response.head.contentLength, (first?.count ?? 0) == length {
          return exchange.respond(response.head.status, fields, first ?? [])
        }
        let type = response.head.headers["content-type"]
        if type?.contains("text/event-stream") == true {
          try await self.relayEvents(first ?? [], response, fields)
        } else {
          exchange.start(response.head.status, fields, length: response.head.contentLength)
          try await exchange.write(first ?? [])
          while let piece = try await response.next() { try await exchange.write(piece) }
        }
        exchange.finish()
      }
    } catch let error as HTTPClientError {
      fail(error)
    } catch is SSEError {
      context.log.outcome = .upstreamError
      let error = OpenAIError.upstreamFailed(
        "An event of the upstream is too large.", code: "upstream_too_large")
      exchange.finish(last: SSEWriter.event(data: error.body()))
    } catch {
      context.log.outcome = .clientLeft
      exchange.cut()
    }
  }

  /// Passes whole events on, so that an upstream that breaks off leaves no half of one before the
  /// error event that tells of it.
  private func relayEvents(
    _ first: [UInt8], _ response: ClientResponse, _ fields: HeaderFields
  ) async throws {
    context.isEventStream = true
    var framer = SSEFramer(limit: 32 << 20)
    context.exchange.start(response.head.status, fields)
    var piece: [UInt8]? = first
    while let bytes = piece {
      framer.push(bytes)
      let events = try framer.takeWholeFrames()
      if !events.isEmpty { try await context.exchange.write(events) }
      piece = try await response.next()
    }
    let rest = framer.takeRemainder()
    if !rest.isEmpty { try await context.exchange.write(rest) }
  }

  private func fail(_ error: HTTPClientError) {
    guard error.kind != .cancelled else {
      context.log.outcome = .clientLeft
      return context.exchange.cut()
    }
    let shown = OpenAIError(error, upstream: upstream.name)
    if !context.exchange.hasStarted {
      context.fail(shown)
    } else if context.isEventStream {
      // Never a silent cut: SDKs take an end without `[DONE]` for a complete answer.
      context.exchange.finish(last: SSEWriter.event(data: shown.body()))
    } else {
      context.exchange.cut()
    }
    context.log.outcome = .upstreamError
  }
}
