internal import Chat
internal import EventLoop
internal import HTTP
internal import OpenAIWire

/// Runs a tool loop for a client that has its answer streamed. Loop-bound.
package final class StreamedToolLoop {
  private let run: ToolLoopRun
  private var conversation: Conversation
  private var interceptor: StreamInterceptor
  private var jobs: [PictureJob] = []
  private var imagesLeft: Int
  private var imagesSent = 0
  /// Whether this is the round in which the model must answer in words.
  private var closes = false
  /// Runs while pictures are made.
  private var keepAlive: LoopTimer?
  private var out: [UInt8] = []
  /// What waits for the user's yes, as JSON.
  private var proposals: [[UInt8]] = []

  /// How the run ended, for the log.
  package enum Outcome: Sendable {
    case complete
    case upstreamError(String)
    case clientLeft
  }

  /// A loop for one request.
  package init(_ run: ToolLoopRun, _ conversation: consuming Conversation) {
    self.run = run
    self.conversation = conversation
    interceptor = StreamInterceptor(
      ownTools: conversation.ownTools, limits: run.settings.stream)
    imagesLeft = run.settings.maxImages
  }

  private enum Round {
    case ended(StreamInterceptor.End)
    /// The upstream's answer was no stream; the client has it.
    case passedOn
    case refused(status: Int, body: [UInt8])
  }

  /// Answers the request.
  package func answer() async -> Outcome {
    defer {
      for job in jobs { job.cancel() }
      keepAlive?.cancel()
    }
    do {
      for round in 0...run.toolRounds {
        closes = round == run.toolRounds
        switch try await runRound(round) {
        case .passedOn: return .complete
        case .refused(let status, let body):
          return fail(Self.laterRefusal(status, body))
        case .ended(.complete):
          // For an upstream that ended without `[DONE]`.
          out += interceptor.takeLastChunk()
          run.exchange.finish(last: takeOut())
          return interceptor.hasFailed ? .upstreamError("in_stream") : .complete
        case .ended(.cut):
          return fail(.upstreamCut(run.call.current.upstream.name))
        case .ended(.truncated(let reason)):
          _ = try await finishJobs()
          run.exchange.finish(last: interceptor.close(finishReason: reason))
          return .complete
        case .ended(.toolCalls(_, let clientCalls)) where closes:
          // A model that calls on, though it was not offered the tool, would never end.
          let reason = clientCalls.isEmpty ? "stop" : "tool_calls"
          run.exchange.finish(last: takeOut() + interceptor.close(finishReason: reason))
          return .complete
        case .ended(.toolCalls(let own, let clientCalls)):
          if try await runTools(own, clientCalls) { return .complete }
        }
      }
      return .complete
    } catch let error as HTTPServerError {
      _ = error
      return .clientLeft
    } catch let error as HTTPClientError {
      if error.kind == .cancelled { return .clientLeft }
      return fail(OpenAIError(error, upstream: run.call.current.upstream.name))
    } catch let fault as StreamInterceptor.Fault {
      return fail(fault)
    } catch StreamStart.Failure.error(let data) {
      return fail(.upstreamError(data))
    } catch StreamStart.Failure.ended {
      return fail(.upstreamEnded(run.call.current.upstream.name))
    } catch is AnswerCut {
      return fail(.upstreamCut(run.call.current.upstream.name))
    } catch let error as OpenAIError {
      return fail(error)
    } catch {
      return .clientLeft
    }
  }

  // MARK: One upstream call

  private func runRound(_ round: Int) async throws -> Round {
    run.rounds += 1
    var end = Round.passedOn
    let refusal = try await run.call.answer { target in
      try self.run.upstreamRequest(target, self.conversation, round: round)
    } body: { attempt, response in
      end = try await self.read(response, of: attempt, round)
    }
    return try refusal.map { try passOn($0, round) } ?? end
  }

  /// A refusal goes to the client as it is, where it has nothing yet.
  private func passOn(_ answer: ClientAnswer, _ round: Int) throws -> Round {
    if round > 0 { return .refused(status: answer.head.status, body: answer.body) }
    if (200..<300).contains(answer.head.status) {
      // What says that all is well, and is no answer, would be an empty one for a reader of events.
      guard answer.json?["error"] != nil else {
        throw OpenAIError.upstreamMalformed(run.call.current.upstream.name)
      }
      throw StreamInterceptor.Fault.upstreamError(answer.body)
    }
    run.exchange.respond(answer.head.status, run.answerFields(answer.head), answer.body)
    return .passedOn
  }

  private func read(
    _ response: ClientResponse, of attempt: UpstreamAttempt, _ round: Int
  ) async throws -> Round {
    let isStream = try await isStream(response, of: attempt)
    do {
      return isStream
        ? .ended(try await readEvents(response, of: attempt))
        : try await readWhole(response, of: attempt, round)
    } catch let fault as StreamInterceptor.Fault {
      attempt.failure = AttemptFailure(fault)
      throw fault
    }
  }

  /// Whether an answer is events: by its type, and where that is neither theirs nor JSON's by how it
  /// begins.
  private func isStream(
    _ response: ClientResponse, of attempt: UpstreamAttempt
  ) async throws -> Bool {
    if response.head.isEventStream { return true }
    if response.head.isJSON == true { return false }
    // What a stream begins with is held back in any case.
    let isStream = try await response.isStream(of: attempt, isAwaited: false) { begin in
      let text = begin.text
      if Self.fields.contains(where: { text.starts(with: $0.utf8) }) { return true }
      return text.count < Self.longestField ? nil : false
    }
    return isStream ?? false
  }

  /// What a line of events begins with. https://html.spec.whatwg.org/multipage/server-sent-events.html
  private static let fields = ["data:", "event:", "id:", "retry:", ":"]
  private static let longestField = 6

  private func readEvents(
    _ response: ClientResponse, of attempt: UpstreamAttempt
  ) async throws -> StreamInterceptor.End {
    let head = response.head
    var start = StreamStart()
    do {
      while let piece = try await response.next() {
        guard let bytes = try start.take(piece, elapsed: attempt.answeringTime) else { continue }
        attempt.commit()
        try interceptor.push(bytes, into: &out)
        if interceptor.isDone { response.expectEnd() }
        startJobs()
        // The head is held until the first chunk, so that a failure before it has a real status.
        if interceptor.hasChunks || interceptor.isDone { try await flush(head) }
      }
    } catch let error as HTTPClientError where error.kind != .cancelled && interceptor.isOver {
      // The answer is whole: how its connection ends is not the client's matter.
    }
    if let rest = try start.end() { try interceptor.push(rest, into: &out) }
    let end = try interceptor.end(into: &out)
    startJobs()
    if interceptor.hasFailed { attempt.failure = AttemptFailure(.streamError) }
    if case .cut = end {
      attempt.failure = AttemptFailure(.broken)
      if !run.exchange.hasStarted { return end }
    }
    begin(head)
    return end
  }

  /// An answer that came in one piece, as if it had been streamed.
  private func readWhole(
    _ response: ClientResponse, of attempt: UpstreamAttempt, _ round: Int
  ) async throws -> Round {
    let head = response.head
    let answer = ClientAnswer(
      head: head, body: try await response.collect(limit: run.settings.answer))
    try answer.check()
    guard (200..<300).contains(head.status) else {
      attempt.commit()
      return try passOn(answer, round)
    }
    guard
      let events = StreamedAnswer.events(answer.json, includesUsage: run.request.includesUsage)
    else { throw UpstreamRefusal.malformed(answer) }
    attempt.commit()
    try interceptor.push(events, into: &out)
    startJobs()
    let end = try interceptor.end(into: &out)
    startJobs()
    begin(head)
    return .ended(end)
  }

  private func begin(_ head: ResponseHead) {
    guard !run.exchange.hasStarted else { return }
    var fields = run.answerFields(head)
    if !head.isEventStream { fields.set("content-type", "text/event-stream", orDrop: ()) }
    run.exchange.startEvents(head.status, fields)
  }

  private func flush(_ head: ResponseHead) async throws {
    guard !out.isEmpty else { return }
    begin(head)
    try await run.exchange.write(out)
    out.removeAll(keepingCapacity: true)
  }

  private func takeOut() -> [UInt8] {
    defer { out = [] }
    return out
  }

  // MARK: Tools

  private func startJobs() {
    let ready = interceptor.takeReady()
    guard !closes else { return }
    for call in ready { start(call) }
  }

  private func start(_ call: ToolCall) {
    let job = PictureJob(
      call, of: conversation, run.maker, run.loop, run.observer, left: &imagesLeft,
      confirms: run.confirms, forecasts: run.events)
    jobs.append(job)
    if keepAlive == nil { keepAlive = comments() }
    guard run.events, let identity = interceptor.identity else { return }
    out += ProgressEvent.start(job, identity)
  }

  /// Comments, or progress events where they are wanted, as long as pictures are made, also while the upstream still writes what is withheld.
  private func comments() -> LoopTimer {
    let exchange = run.exchange
    let pause =
      run.events ? min(run.settings.progress, run.settings.keepAlive) : run.settings.keepAlive
    return run.loop.schedule(after: pause, repeating: pause) { [self] in
      guard exchange.hasStarted, exchange.pendingBytes == 0 else { return }
      guard run.events, let identity = interceptor.identity else {
        return exchange.send(SSEWriter.comment("drawing"))
      }
      for job in jobs where !job.isDone { exchange.send(ProgressEvent.progress(job, identity)) }
    }
  }

  /// - Returns: whether the answer is over, since the client has calls to make.
  private func runTools(_ own: [ToolCall], _ clientCalls: [ToolCall]) async throws -> Bool {
    // Calls whose arguments never became JSON were not started; their error is the model's to mend.
    for call in own where !jobs.contains(where: { $0.call == call }) { start(call) }
    let results = try await finishJobs()
    if clientCalls.isEmpty {
      conversation.append(text: interceptor.text, calls: results)
      interceptor = StreamInterceptor(continuing: interceptor, ownTools: conversation.ownTools)
      return false
    }
    await run.remember(results, clientCalls: clientCalls)
    run.exchange.finish(last: interceptor.close(finishReason: "tool_calls"))
    return true
  }

  /// Waits for the pictures that are being made, and puts each into the stream.
  private func finishJobs() async throws -> [(call: ToolCall, result: [UInt8])] {
    if !out.isEmpty { try await run.exchange.write(takeOut()) }
    var results: [(call: ToolCall, result: [UInt8])] = []
    for job in jobs {
      let result = try await run.loop.withCancellation({ job.cancel() }) { await job.result() }
      try Task.checkCancellation()
      try await deliver(result, of: job)
      results.append((job.call, ToolResult.bytes(result)))
    }
    jobs = []
    keepAlive?.cancel()
    keepAlive = nil
    return results
  }

  /// Puts pictures into the client's stream.
  private func deliver(_ result: PictureResult, of job: PictureJob) async throws {
    guard let identity = interceptor.identity else { return }
    var bytes: [UInt8] = []
    if run.events { bytes += ProgressEvent.result(result, job, identity) }
    if case .proposed(let proposal) = result {
      proposals.append(proposal.json)
      let easel = PictureText.proposals(proposals)
      interceptor.lastChunk = identity.chunk(delta: nil, members: [("easel", easel)])
    }
    if case .made(let set) = result {
      let role = interceptor.takeRole() ? "assistant" : nil
      let delta = JSONWriter.object { delta in
        delta.member("role", role)
        if run.output != .images {
          let prompt = job.order?.prompt ?? ""
          delta.member(
            "content", set.pictures.map { PictureText.markdown($0, prompt: prompt) }.joined())
        }
        if run.output != .markdown {
          delta.member("images", raw: PictureText.images(set.pictures, from: imagesSent))
        }
      }
      imagesSent += set.pictures.count
      bytes += identity.chunk(delta: delta)
    }
    if !bytes.isEmpty { try await run.exchange.write(bytes) }
  }

  // MARK: Failures

  /// Tells the client: by status while nothing was sent, by a last event after that.
  private func fail(_ error: OpenAIError) -> Outcome {
    if run.exchange.hasStarted {
      run.exchange.finish(last: takeOut() + SSEWriter.event(data: error.body()))
    } else {
      run.respond(error)
    }
    return .upstreamError(error.code ?? error.type)
  }

  private func fail(_ fault: StreamInterceptor.Fault) -> Outcome {
    switch fault {
    case .malformed(let message): return fail(.upstreamFailed(message, code: "upstream_malformed"))
    case .tooLarge(let message): return fail(.upstreamFailed(message, code: "upstream_too_large"))
    case .upstreamError(let data):
      if run.exchange.hasStarted {
        run.exchange.finish(last: takeOut() + SSEWriter.event(data: data))
      } else {
        var fields = run.fields
        run.call.describe(in: &fields)
        run.exchange.respond(upstreamError: data, fields)
      }
      return .upstreamError("in_stream")
    }
  }

  /// An upstream that refuses to go on with an answer that the client has half of.
  private static func laterRefusal(_ status: Int, _ body: [UInt8]) -> OpenAIError {
    let message = (try? JSONSlice.parse(body.withoutByteOrderMark))?["error"]?["message"]?.string
    return OpenAIError.upstreamFailed(
      "The upstream answered \(status) after the picture: \(message?.prefix(500) ?? "no reason given")",
      code: "upstream_refused")
  }
}
