internal import Chat
internal import HTTP
internal import Observability
internal import OpenAIWire

/// Passes an upstream's answer on as it comes.
struct UpstreamRelay {
  let context: RequestContext
  let upstream: ChatUpstream

  /// Sends the request and relays the answer: status, fields and body untouched.
  func relay(_ request: ClientRequest) async {
    let exchange = context.exchange
    context.log.upstream = upstream.name
    do {
      try await context.services.client(for: upstream).withResponse(request) { response in
        var fields = ForwardedFields.ofAnswer(response.head.headers)
        fields.append(contentsOf: self.context.fields)
        if response.head.status >= 500 { self.context.log.outcome = .upstreamError }
        // The head is held until the first bytes, so that a failure before them has a status.
        let first = try await response.next()
        if let length = response.head.contentLength, (first?.count ?? 0) == length {
          return exchange.respond(response.head.status, fields, first ?? [])
        }
        exchange.start(response.head.status, fields, length: response.head.contentLength)
        guard let first else { return exchange.finish() }
        try await exchange.write(first)
        while let piece = try await response.next() { try await exchange.write(piece) }
        exchange.finish()
      }
    } catch let error as HTTPClientError {
      fail(error)
    } catch {
      context.log.outcome = .clientLeft
      exchange.cut()
    }
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
      context.exchange.finish(last: Array("\n\n".utf8) + SSEWriter.event(data: shown.body()))
    } else {
      context.exchange.cut()
    }
    context.log.outcome = .upstreamError
  }
}
