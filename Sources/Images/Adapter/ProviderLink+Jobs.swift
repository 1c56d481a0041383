internal import EventLoop
internal import HTTP
internal import OpenAIWire

/// What providers have in common whose pictures are jobs: submitted once, then asked for.
extension ProviderLink {
  /// Submits a job, for which the provider charges. It is sent once, and to the end even where the
  /// client leaves meanwhile: only its answer names the job, which is then cancelled.
  /// - Parameter cancel: what cancels the job of an answer; nil where there is none.
  func submit(
    _ url: HTTPURL, _ headers: HeaderFields, json: [UInt8], pictures: Int,
    cancel: @escaping (ClientAnswer) -> JobCancellation?
  ) async throws(ImageFailure) -> ClientAnswer {
    try await submit(
      url, headers, json: json, pictures: pictures,
      abandoned: { answer in
        give(up: cancel(answer))
      })
  }

  /// Submits a job; see above. Where paid calls are finished, the answer is waited for: it may hold
  /// the picture already, which cannot be cancelled any more. The next question about a job that is
  /// not over finds that the client has left.
  /// - Parameter abandoned: called with the answer where nobody waits for it any more.
  func submit(
    _ url: HTTPURL, _ headers: HeaderFields, json: [UInt8], pictures: Int,
    abandoned: @escaping (ClientAnswer) -> Void
  ) async throws(ImageFailure) -> ClientAnswer {
    guard !Task.isCancelled else {
      throw ImageFailure(.cancelled, "the request was cancelled")
    }
    let link = self
    if finishesPaidCalls {
      return try await finishing { () throws(ImageFailure) in
        try await link.post(url, headers, json: json, pays: true, pictures: pictures)
      }
    }
    let submission = JobSubmission()
    client.loop.spawn {
      var result: Result<ClientAnswer, ImageFailure>
      do throws(ImageFailure) {
        result = .success(
          try await link.post(url, headers, json: json, pays: true, pictures: pictures))
      } catch {
        result = .failure(error)
      }
      if submission.isAbandoned, case .success(let answer) = result {
        abandoned(answer)
      }
      submission.finish(result)
    }
    return try await submission.answer(on: client.loop).get()
  }

  /// Asks for a submitted job until `read` has found its end. An answer that is no JSON says nothing
  /// about the job, so it is asked for again.
  /// - Parameters:
  ///   - interval: the first pause, which the provider's option `pollMilliseconds` (1 to 60000)
  ///     overrides.
  ///   - read: nil while the job is not done. What it throws in a transient class is asked for again,
  ///     so a job's own failure is returned, not thrown.
  func follow<T: Sendable>(
    _ url: HTTPURL, _ headers: HeaderFields, every interval: Duration, cancel: JobCancellation?,
    pictures: Int = 0, _ read: @escaping (ClientAnswer, JSONSlice) throws(ImageFailure) -> T?
  ) async throws(ImageFailure) -> T {
    var interval = interval
    if let text = provider.options["pollMilliseconds"], let value = Int(text),
      (1...60_000).contains(value)
    {
      interval = .milliseconds(value)
    }
    return try await poll(every: interval, cancel: cancel) { () throws(ImageFailure) -> T? in
      let answer = try await send(.get, url, headers, pictures: pictures)
      guard let object = try? JSONSlice.parse(answer.body) else {
        if answer.head.status >= 300 { throw failure(answer, nil) }
        throw ImageFailure(
          .overloaded, "\(provider.name) answered a question about a job without JSON.")
      }
      return try read(answer, object)
    }
  }

  /// The object of an answer.
  /// - Parameter failure: what a status beyond 299 tells of, from the body where it is JSON.
  /// - Throws: `ImageFailure`: that, or `malformed` where there is no object.
  func object(
    _ answer: ClientAnswer, _ failure: (JSONSlice?) -> ImageFailure
  ) throws(ImageFailure) -> JSONSlice {
    let object = try? JSONSlice.parse(answer.body)
    guard (200..<300).contains(answer.head.status) else { throw failure(object) }
    guard let object, object.kind == .object else {
      throw malformed("answered without an object of JSON")
    }
    return object
  }

  /// The failure of a job that its provider has given up.
  func failed(_ reason: String?) -> ImageFailure {
    guard let reason, !reason.isEmpty else { return malformed("has given up the picture") }
    if ContentRefusal.isNamed(in: reason) {
      var failure = refused(reason)
      failure.mayHaveBeenPaid = true
      return failure
    }
    return malformed("has given up the picture: \(reason.prefix(500))")
  }
}

/// A request under way that outlives the task that has asked for it. Loop-bound.
private final class JobSubmission {
  typealias Answer = Result<ClientAnswer, ImageFailure>

  private var result: Answer?
  private var waiter: CheckedContinuation<Answer, Never>?
  /// Whether nobody waits for the answer any more.
  private(set) var isAbandoned = false

  func finish(_ result: Answer) {
    self.result = result
    resume()
  }

  func answer(on loop: EventLoop) async -> Answer {
    let submission = LoopBound(self, on: loop)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        waiter = continuation
        resume()
      }
    } onCancel: {
      loop.submit { submission.value.abandon() }
    }
  }

  private func abandon() {
    isAbandoned = true
    resume()
  }

  private func resume() {
    guard let waiter else { return }
    if let result {
      waiter.resume(returning: result)
    } else if isAbandoned {
      waiter.resume(
        returning: .failure(
          ImageFailure(.cancelled, "the request was cancelled", mayHaveBeenPaid: true)))
    } else {
      return
    }
    self.waiter = nil
  }
}
