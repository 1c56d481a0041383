internal import Chat
internal import HTTP
internal import Observability
internal import OpenAIWire

/// Passes an upstream's answer on as it comes.
struct UpstreamRelay {
  let context: RequestContext
  let call: UpstreamCall

  /// Asks the upstreams and relays the answer: status, fields and body untouched.
  func relay(_ request: (UpstreamTarget) throws -> ClientRequest) async {
    let exchange = context.exchange
    do {
      let answer = try await call.answer(request: request) { attempt, response in
        try await relay(response, of: attempt)
      }
      if case .refused(let head, let body) = answer {
        if head.status >= 500 { context.log.outcome = .upstreamError }
        exchange.respond(head.status, fields(head), body)
      }
    } catch let error as HTTPClientError {
      fail(error)
    } catch let failure as StreamStart.Failure {
      fail(failure)
    } catch is SSEError {
      context.log.outcome = .upstreamError
      let error = OpenAIError.upstreamFailed(
        "An event of the upstream is too large.", code: "upstream_too_large")
      exchange.finish(last: SSEWriter.event(data: error.body()))
    } catch let error as OpenAIError {
      context.fail(error)
    } catch {
      context.log.outcome = .clientLeft
      exchange.cut()
    }
  }

  private func fields(_ head: ResponseHead) -> HeaderFields {
    var fields = ForwardedFields.ofAnswer(head.headers)
    fields.append(contentsOf: context.fields)
    call.describe(in: &fields)
    return fields
  }

  private func relay(_ response: ClientResponse, of attempt: UpstreamAttempt) async throws {
    let exchange = context.exchange
    let head = response.head
    if head.headers["content-type"]?.contains("text/event-stream") == true {
      try await relayEvents(response, of: attempt)
    } else {
      // The head is held until the first bytes, so that a failure before them has a status.
      let first = try await response.next()
      attempt.commit()
      if let length = head.contentLength, (first?.count ?? 0) == length {
        return exchange.respond(head.status, fields(head), first ?? [])
      }
      exchange.start(head.status, fields(head), length: head.contentLength)
      try await exchange.write(first ?? [])
      while let piece = try await response.next() { try await exchange.write(piece) }
    }
    exchange.finish()
  }

  /// Passes whole events on, so that an upstream that breaks off leaves no half of one before the
  /// error event that tells of it.
  private func relayEvents(
    _ response: ClientResponse, of attempt: UpstreamAttempt
  ) async throws {
    var start = StreamStart()
    var framer = SSEFramer(limit: 32 << 20)
    while let piece = try await response.next() {
      guard let bytes = try start.take(piece) else { continue }
      begin(response.head, attempt)
      framer.push(bytes)
      let events = try framer.takeWholeFrames()
      if !events.isEmpty { try await context.exchange.write(events) }
    }
    if let rest = start.rest() { framer.push(rest) }
    begin(response.head, attempt)
    let rest = framer.takeRemainder()
    if !rest.isEmpty { try await context.exchange.write(rest) }
  }

  private func begin(_ head: ResponseHead, _ attempt: UpstreamAttempt) {
    guard !attempt.isCommitted else { return }
    attempt.commit()
    context.isEventStream = true
    context.exchange.start(head.status, fields(head))
  }

  /// A stream that began with an error: the client gets it, as a status.
  private func fail(_ failure: StreamStart.Failure) {
    context.log.outcome = .upstreamError
    let code = (try? JSONSlice.parse(failure.data))?["error"]?["code"]?.int ?? 502
    var fields = context.fields
    call.describe(in: &fields)
    fields.set("content-type", "application/json", orDrop: ())
    context.exchange.respond((400..<600).contains(code) ? code : 502, fields, failure.data)
  }

  private func fail(_ error: HTTPClientError) {
    guard error.kind != .cancelled else {
      context.log.outcome = .clientLeft
      return context.exchange.cut()
    }
    let shown = OpenAIError(error, upstream: call.current.upstream.name)
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
