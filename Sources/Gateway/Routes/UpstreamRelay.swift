internal import Chat
internal import HTTP
internal import Observability
internal import OpenAIWire

/// Passes an upstream's answer on as it comes.
struct UpstreamRelay {
  let context: RequestContext
  let call: UpstreamCall
  /// Whether the answer may hold several: see `StreamEnd`.
  let hasSeveralChoices: Bool
  /// Whether the answer is to be a chat completion.
  let isChat: Bool
  /// Whether a chat's answer is to be streamed.
  let isStreamed: Bool

  /// Bytes of an answer in one piece that are held back until its end has come.
  private static let largestHeld = 1 << 20

  /// Asks the upstreams and relays the answer: status, fields and body untouched.
  func relay(_ request: (UpstreamTarget) throws -> ClientRequest) async {
    do {
      let refusal = try await call.answer(request: request) { attempt, response in
        try await relay(response, of: attempt)
      }
      if let refusal { passOn(refusal) }
    } catch let error as HTTPClientError {
      if error.kind == .cancelled { return leave() }
      fail(OpenAIError(error, upstream: call.current.upstream.name))
    } catch StreamStart.Failure.error(let data) {
      refuse(data)
    } catch StreamStart.Failure.ended {
      fail(.upstreamEnded(call.current.upstream.name))
    } catch is AnswerCut {
      fail(.upstreamCut(call.current.upstream.name))
    } catch is SSEError {
      fail(.upstreamFailed("An event of the upstream is too large.", code: "upstream_too_large"))
    } catch let error as OpenAIError {
      context.fail(error)
    } catch {
      leave()
    }
  }

  /// A refusal goes to the client as it is, but for a status that says that all is well: SDKs would take
  /// it for an answer.
  private func passOn(_ refusal: ClientAnswer) {
    guard refusal.head.status < 400 else {
      return context.exchange.respond(refusal.head.status, fields(refusal.head), refusal.body)
    }
    guard refusal.json?["error"] != nil else {
      return fail(.upstreamMalformed(call.current.upstream.name))
    }
    refuse(refusal.body)
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
    if head.isEventStream {
      try await relayEvents(response, of: attempt)
    } else {
      // The head is held until the first bytes, so that a failure before them has a status.
      let first = try await response.next()
      if let length = head.contentLength, (first?.count ?? 0) == length {
        return try respond(head, first ?? [], of: attempt)
      }
      response.putBack(first ?? [])
      var held: [UInt8] = []
      if try await mayBeNone(response, of: attempt), try await hold(&held, response) {
        return try respond(head, held, of: attempt)
      }
      attempt.commit()
      exchange.start(head.status, fields(head), length: head.contentLength)
      try await exchange.write(held)
      while let piece = try await response.next() { try await exchange.write(piece) }
      exchange.finish()
    }
  }

  /// Passes an answer on that has come whole.
  private func respond(
    _ head: ResponseHead, _ body: [UInt8], of attempt: UpstreamAttempt
  ) throws {
    let answer = ClientAnswer(head: head, body: body)
    try answer.check()
    if isChat, UpstreamRefusal.isNothing(answer) { throw UpstreamRefusal.malformed(answer) }
    attempt.commit()
    context.exchange.respond(head.status, fields(head), body)
  }

  /// Whether an answer could be an error, a page or nothing at all, whatever its status says. Its type
  /// decides, and for a chat of another type its beginning.
  private func mayBeNone(
    _ response: ClientResponse, of attempt: UpstreamAttempt
  ) async throws -> Bool {
    let head = response.head
    guard isChat, head.isJSON != true else { return head.isJSON ?? true }
    let isStream = try await response.isStream(of: attempt, isAwaited: isStreamed) {
      UpstreamRefusal.isPossible(head, begin: $0).map(!)
    }
    return isStream == false
  }

  /// Reads an answer on while it is small enough to be held back: one that is cut, or says that it is
  /// an error, can still be another upstream's then.
  /// - Returns: whether that was all of it.
  private func hold(_ body: inout [UInt8], _ response: ClientResponse) async throws -> Bool {
    if let length = response.head.contentLength {
      if length > Self.largestHeld { return false }
      body.reserveCapacity(length)
    }
    while body.count <= Self.largestHeld {
      guard let piece = try await response.next() else { return true }
      body += piece
    }
    return false
  }

  /// Passes whole events on, so that an upstream that breaks off leaves no half of one before the
  /// error event that tells of it.
  private func relayEvents(
    _ response: ClientResponse, of attempt: UpstreamAttempt
  ) async throws {
    var start = StreamStart()
    var end = StreamEnd(hasSeveralChoices: hasSeveralChoices)
    var framer = SSEFramer(limit: 32 << 20)
    do {
      while let piece = try await response.next() {
        guard let bytes = try start.take(piece, elapsed: attempt.answeringTime) else { continue }
        begin(response.head, attempt)
        framer.push(bytes)
        let events = try framer.takeWholeFrames()
        guard !events.isEmpty else { continue }
        end.note(events)
        if end.isDone { response.expectEnd() }
        try await context.exchange.write(events)
      }
    } catch let error as HTTPClientError where error.kind != .cancelled && end.isOver {
      // The answer is whole: how its connection ends is not the client's matter.
    }
    if let rest = try start.end() { framer.push(rest) }
    begin(response.head, attempt)
    try await finishEvents(framer.takeRemainder(), end, attempt)
  }

  private func finishEvents(
    _ rest: [UInt8], _ end: StreamEnd, _ attempt: UpstreamAttempt
  ) async throws {
    let verdict = end.verdict(rest: rest)
    if verdict == .failed { attempt.failure = AttemptFailure(.streamError) }
    guard verdict == .cut else {
      if !rest.isEmpty { try await context.exchange.write(rest) }
      return context.exchange.finish()
    }
    attempt.failure = AttemptFailure(.broken)
    fail(.upstreamCut(attempt.target.upstream.name))
  }

  private func begin(_ head: ResponseHead, _ attempt: UpstreamAttempt) {
    guard !attempt.isCommitted else { return }
    attempt.commit()
    context.startEvents(head.status, fields(head))
  }

  // MARK: Failures

  private func leave() {
    context.log.outcome = .clientLeft
    context.exchange.cut()
  }

  /// A stream that began with an error: the client gets it, as a status.
  private func refuse(_ data: [UInt8]) {
    var fields = context.fields
    call.describe(in: &fields)
    context.exchange.respond(upstreamError: data, fields)
  }

  /// Tells the client: by a status while nothing was sent, by a last event after that.
  private func fail(_ error: OpenAIError) {
    if !context.exchange.hasStarted {
      context.fail(error)
    } else if context.isEventStream {
      // Never a silent cut: SDKs take an end without `[DONE]` for a complete answer.
      context.exchange.finish(last: SSEWriter.event(data: error.body()))
    } else {
      context.exchange.cut()
    }
    context.log.outcome = .upstreamError
  }
}
