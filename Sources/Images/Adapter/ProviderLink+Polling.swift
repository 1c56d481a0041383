internal import EventLoop
internal import HTTP

/// Asking for a job until it is done, and giving it up.
extension ProviderLink {
  /// Asks for a submitted job until it is done.
  /// - Parameters:
  ///   - interval: the first pause; the pauses grow to four times as much.
  ///   - cancel: cancels the job at the provider, once, when nobody waits for it any more: the client
  ///     has left, the time is over, or its answers make no sense. Where it comes too late, the job
  ///     is asked for on; after a client that has left only where paid calls are finished.
  ///   - ask: nil while the job is not done. A failure of the network or of the server (`isTransient`)
  ///     is no failure of the job, nor, some times in a row, is an answer that makes no sense: it is
  ///     asked for again, never submitted again.
  func poll<T: Sendable>(
    every interval: Duration, cancel: JobCancellation?,
    _ ask: @escaping () async throws(ImageFailure) -> T?
  ) async throws(ImageFailure) -> T {
    var pause = interval
    var senseless = 0
    while true {
      var failed: ImageFailure?
      do throws(ImageFailure) {
        if let result = try await ask() { return result }
      } catch {
        failed = error
        // A job is there, and its pictures may be paid for.
        failed?.mayHaveBeenPaid = true
      }
      if Task.isCancelled { return try await leave(cancel, ask) }
      senseless = failed?.isSenseless == true ? senseless + 1 : 0
      if let failed, !failed.isTransient, senseless == 0 || senseless > Self.senselessAnswers {
        give(up: cancel)
        throw failed
      }
      guard pause < remaining else {
        guard await outcome(of: cancel, within: remaining) != .stopped else {
          throw failed ?? timedOut
        }
        return try await fetchDone(ask)
      }
      do { try await client.loop.sleep(for: pause) } catch {
        return try await leave(cancel, ask)
      }
      pause = min(pause * 1.25, interval * 4)
    }
  }

  /// Answers in a row that make no sense, after which the next one ends the job.
  private static let senselessAnswers = 4

  /// Cancels a job whose client has left. One that ends all the same is kept where paid calls are
  /// finished: a repetition of the request would pay for it again.
  private func leave<T: Sendable>(
    _ cancel: JobCancellation?, _ ask: @escaping () async throws(ImageFailure) -> T?
  ) async throws(ImageFailure) -> T {
    guard finishesPaidCalls else {
      give(up: cancel)
      throw Self.cancelled
    }
    switch await outcome(of: cancel, within: Self.cancelling) {
    case .stopped: throw Self.cancelled
    case .done: return try await fetchDone(ask)
    case .asked:
      do throws(ImageFailure) { return try await fetchDone(ask) } catch { throw Self.cancelled }
    }
  }

  /// What a job comes to whose client has left.
  static let cancelled = ImageFailure(
    .cancelled, "the request was cancelled", mayHaveBeenPaid: true)

  /// Asks for a job that is done, or will be, and is paid for, in what is left of its time.
  private func fetchDone<T: Sendable>(
    _ ask: @escaping () async throws(ImageFailure) -> T?
  ) async throws(ImageFailure) -> T {
    let link = self
    return try await finishing { () throws(ImageFailure) in
      try await link.poll(every: .milliseconds(250), cancel: nil, ask)
    }
  }

  /// What the cancelling of a job may take.
  private static let cancelling = Duration.seconds(10)

  /// Cancels a job at its provider, by a task of its own: the one that asks may be cancelled itself.
  func give(up cancel: JobCancellation?) {
    guard let cancel else { return }
    let client = client
    client.loop.spawn { _ = await cancel.send(client, within: Self.cancelling) }
  }

  /// Cancels a job at its provider, and waits for the answer, be the task cancelled or not.
  /// - Parameter wait: for the answer; the cancelling itself goes on.
  private func outcome(
    of cancel: JobCancellation?, within wait: Duration
  ) async -> JobCancellation.Outcome {
    guard let cancel else { return .stopped }
    let client = client
    let answered = LoopEvent<JobCancellation.Outcome>()
    client.loop.spawn {
      let answer = await cancel.send(client, within: Self.cancelling)
      answered.fire(answer.map(cancel.outcome) ?? .stopped)
    }
    let timer = client.loop.schedule(after: wait) { answered.fire(.stopped) }
    defer { timer.cancel() }
    return await answered.wait()
  }
}
