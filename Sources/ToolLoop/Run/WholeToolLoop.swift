internal import Chat
internal import EventLoop
internal import HTTP
internal import OpenAIWire

/// Runs a tool loop for a client that wants its answer in one piece. Loop-bound.
package final class WholeToolLoop {
  private let run: ToolLoopRun
  private var conversation: Conversation
  private var usage = UsageSum()
  private var text = ""
  private var drawn: [(job: PictureJob, set: PictureSet)] = []
  /// What waits for the user's yes, as JSON.
  private var proposals: [[UInt8]] = []
  private var imagesLeft: Int
  /// Calls of the gateway's in all rounds.
  private var callCount = 0

  /// A loop for one request.
  package init(_ run: ToolLoopRun, _ conversation: consuming Conversation) {
    self.run = run
    self.conversation = conversation
    imagesLeft = run.settings.maxImages
  }

  /// Answers the request.
  package func answer() async -> StreamedToolLoop.Outcome {
    do {
      for round in 0...run.toolRounds {
        if try await take(try await ask(round), round) { return .complete }
      }
      return .complete
    } catch let error as HTTPClientError {
      if error.kind == .cancelled { return .clientLeft }
      return fail(OpenAIError(error, upstream: run.call.current.upstream.name))
    } catch let error as OpenAIError {
      return fail(error)
    } catch is AnswerCut {
      return fail(.upstreamCut(run.call.current.upstream.name))
    } catch {
      return .clientLeft
    }
  }

  /// What an upstream has answered.
  private struct Answer {
    let whole: ClientAnswer
    /// Its body, where it is JSON.
    let object: JSONSlice?
    /// Whether it is a failure, whatever its status says.
    let isRefusal: Bool

    init(_ head: ResponseHead, _ body: [UInt8], isRefusal: Bool = false) {
      whole = ClientAnswer(head: head, body: body)
      object = whole.json
      self.isRefusal = isRefusal
    }

    /// Whether it may call a tool: whether that name is in it, in plain letters or escaped ones.
    var mayHoldCalls: Bool { whole.body.contains("tool_calls") || whole.body.contains("\\u00") }
  }

  private func ask(_ round: Int) async throws -> Answer {
    run.rounds += 1
    var answer: Answer?
    let refusal = try await run.call.answer { target in
      try run.upstreamRequest(target, self.conversation, round: round)
    } body: { attempt, response in
      let read = Answer(response.head, try await response.collect(limit: run.settings.answer))
      try read.whole.check()
      // What is encoded was not asked for so, and is the client's to read.
      if read.object == nil, !response.head.headers.contains("content-encoding") {
        throw UpstreamRefusal.malformed(read.whole)
      }
      answer = read
    }
    if let refusal { return Answer(refusal.head, refusal.body, isRefusal: true) }
    guard let answer else { throw CancellationError() }
    return answer
  }

  private func fail(_ error: OpenAIError) -> StreamedToolLoop.Outcome {
    var error = error
    // A retry would pay for the pictures again.
    if !drawn.isEmpty { error.shouldRetry = false }
    run.respond(error)
    return .upstreamError(error.code ?? error.type)
  }

  /// - Returns: whether the client has its answer.
  private func take(_ read: Answer, _ round: Int) async throws -> Bool {
    let answer = read.whole
    // Most answers call nothing, and a look at the bytes tells it: they are the client's as they are.
    if round == 0, !read.mayHoldCalls { return try passOn(read) }
    guard !read.isRefusal, (200..<300).contains(answer.head.status), let object = read.object,
      let choice = object["choices"]?[0], let message = choice["message"],
      message.kind == .object
    else {
      guard round == 0 || drawn.isEmpty else { throw Self.laterRefusal(read) }
      return try passOn(read)
    }
    let entries = message["tool_calls"].map { Array($0.elements) } ?? []
    let own = entries.filter(isOwn)
    // What calls no tool of the gateway's is the client's as it is.
    if own.isEmpty && round == 0 { return try passOn(read) }
    if let usage = object["usage"], usage.kind == .object { self.usage.add(Array(usage.raw)) }
    let words = message["content"]?.string ?? ""
    text += words
    // A model that calls on, though it was not offered the tool, would never end.
    let closes = round == run.toolRounds
    let results = try await draw(
      closes ? [] : own.enumerated().map { Self.call($1, callCount + $0) })
    callCount += own.count
    let clientCalls = entries.filter { !isOwn($0) }
    if !own.isEmpty && clientCalls.isEmpty && !closes {
      conversation.append(
        text: Array(JSONWriter.string(words).dropFirst().dropLast()), calls: results)
      return false
    }
    if !clientCalls.isEmpty && !results.isEmpty {
      await run.remember(
        results, clientCalls: clientCalls.enumerated().map { Self.call($1, $0) })
    }
    let body = try close(object, choice, message, own: own)
    var fields = run.answerFields(answer.head)
    if let cost { fields.append("x-easel-cost-usd", "\(cost)", orDrop: ()) }
    run.exchange.respond(answer.head.status, fields, body)
    return true
  }

  private func passOn(_ read: Answer) throws -> Bool {
    let answer = read.whole
    // A refusal under a status that says that all is well: SDKs would take it for an answer.
    if read.isRefusal, answer.head.status < 400 {
      if read.object?["error"] != nil {
        var fields = run.fields
        run.call.describe(in: &fields)
        run.exchange.respond(upstreamError: answer.body, fields)
        return true
      }
      if UpstreamRefusal.isNothing(answer) {
        throw OpenAIError.upstreamMalformed(run.call.current.upstream.name)
      }
    }
    run.exchange.respond(answer.head.status, run.answerFields(answer.head), answer.body)
    return true
  }

  private func isOwn(_ entry: JSONSlice) -> Bool {
    entry["function"]?["name"]?.string.map(conversation.isOwn) ?? false
  }

  private static func call(_ entry: JSONSlice, _ index: Int) -> ToolCall {
    let arguments = entry["function"]?["arguments"]
    let id = entry["id"]?.string ?? ""
    let others = entry.otherCallMembers
    return ToolCall(
      id: id.isEmpty ? "call_easel_\(index)" : id, name: entry["function"]?["name"]?.string ?? "",
      arguments: arguments?.kind == .string
        ? arguments?.stringBytes ?? [] : arguments.map { Array($0.raw) } ?? [],
      others: others.isEmpty
        ? [] : JSONWriter.object { for (key, value) in others { $0.member(key, raw: value.raw) } })
  }

  private func draw(
    _ calls: [ToolCall]
  ) async throws -> [(call: ToolCall, result: [UInt8])] {
    let jobs = calls.map {
      PictureJob(
        $0, of: conversation, run.maker, run.loop, run.observer, left: &imagesLeft,
        confirms: run.confirms)
    }
    defer { for job in jobs { job.cancel() } }
    var results: [(call: ToolCall, result: [UInt8])] = []
    for job in jobs {
      let result = try await run.loop.withCancellation({ job.cancel() }) { await job.result() }
      try Task.checkCancellation()
      if case .made(let set) = result {
        drawn.append((job, set))
        if run.output != .images {
          let prompt = job.order?.prompt ?? ""
          text += set.pictures.map { PictureText.markdown($0, prompt: prompt) }.joined()
        }
      }
      if case .proposed(let proposal) = result { proposals.append(proposal.json) }
      results.append((job.call, ToolResult.bytes(result)))
    }
    return results
  }

  /// The last upstream answer with all words, pictures and usage in it.
  private func close(
    _ object: JSONSlice, _ choice: JSONSlice, _ message: JSONSlice, own: [JSONSlice]
  ) throws -> [UInt8] {
    var edits = JSONSplice(object.bytes)
    let content = JSONWriter.string(text)
    if let old = message["content"] {
      edits.replace(old, with: content)
    } else {
      edits.append(key: "content", value: content, to: message)
    }
    if let old = object["usage"], let sum = usage.bytes { edits.replace(old, with: sum) }
    let hasOthers = message["tool_calls"]?.elements.contains { !isOwn($0) } ?? false
    if hasOthers {
      for entry in own { edits.delete(element: entry) }
    } else if !own.isEmpty {
      for member in message.entries where member.isNamed("tool_calls", in: message.bytes) {
        edits.delete(member)
      }
    }
    if !own.isEmpty, let reason = choice["finish_reason"] {
      edits.replace(reason, with: JSONWriter.string(hasOthers ? "tool_calls" : "stop"))
    }
    let pictures = drawn.flatMap(\.set.pictures)
    if run.output != .markdown && !pictures.isEmpty {
      edits.append(key: "images", value: PictureText.images(pictures, from: 0), to: message)
    }
    if !drawn.isEmpty || !proposals.isEmpty {
      edits.append(key: "easel", value: account(), to: message)
    }
    return try edits.apply()
  }

  /// What was drawn, by whom, for how much.
  private func account() -> [UInt8] {
    JSONWriter.object { writer in
      writer.key("images")
      writer.beginArray()
      for (job, set) in drawn {
        for picture in set.pictures {
          writer.beginObject()
          writer.member("id", picture.id)
          writer.member("url", picture.url)
          writer.member("prompt", job.order?.prompt)
          writer.member("revised_prompt", picture.revisedPrompt)
          writer.member("provider", set.provider)
          writer.member("model", set.model)
          set.writeFallback(to: &writer)
          writer.endObject()
        }
      }
      writer.endArray()
      if !proposals.isEmpty {
        writer.key("imageGenerations")
        writer.beginArray()
        for proposal in proposals { writer.value(raw: proposal) }
        writer.endArray()
      }
      writer.member("cost_usd", cost)
    }
  }

  /// US dollars for what was drawn, to a hundredth of a cent; nil where a price is not known.
  private var cost: Double? {
    let costs = drawn.compactMap(\.set.cost)
    return costs.isEmpty || costs.count < drawn.count
      ? nil : costs.reduce(0, +).roundedToCentHundredths
  }

  private static func laterRefusal(_ answer: Answer) -> OpenAIError {
    let message = answer.object?["error"]?["message"]?.string
    return .upstreamFailed(
      "The upstream answered \(answer.whole.head.status) after the picture: "
        + String((message ?? "no reason given").prefix(500)), code: "upstream_refused")
  }
}
