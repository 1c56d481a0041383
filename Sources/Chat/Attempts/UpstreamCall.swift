internal import EventLoop
package import HTTP
internal import OpenAIWire
internal import Resilience

/// Asks the upstreams that can answer a request, one after the other, until one does. For one request
/// of a client; a tool loop calls it once for each round. Loop-bound.
package final class UpstreamCall {
  let services: UpstreamServices
  private let targets: [UpstreamTarget]
  /// Who was asked last, or is to be asked first; after a failure, whose failure is told.
  package private(set) var current: UpstreamTarget
  /// Who was not asked or has failed, and why, in order.
  package private(set) var passedOver: [(name: String, reason: String)] = []
  /// Of these, who was passed over since somebody was asked.
  private var untold: [(target: UpstreamTarget, reason: String)] = []
  /// Attempts so far.
  package private(set) var attempts = 0
  /// Of these, the first of their round.
  private var rounds = 0
  /// Of these, those that nobody has seen, after which another upstream was asked.
  private var unsent = 0
  /// Of the present round, on the loop's clock.
  private var deadline: UInt64 = 0

  /// Bytes of a refusal.
  private static let largestRefusal = 8 << 20

  /// A call of the upstreams of a route.
  package init(_ route: UpstreamDirectory.Route, _ services: UpstreamServices) {
    self.services = services
    targets = route.order(using: &services.generator)
    current = targets[0]
    // The first that may be asked is asked first: what depends on it is known from the start.
    if targets.count > 1, let index = targets.firstIndex(where: isAdmissible) {
      current = targets[index]
      for target in targets[..<index] { passOver(target, "unavailable") }
    }
  }

  /// An attempt that failed, and what the client could be told of it.
  private struct Failed {
    let target: UpstreamTarget
    let failure: AttemptFailure
    let error: any Error
  }

  /// Asks.
  /// - Parameters:
  ///   - request: the request for a target.
  ///   - body: reads an answer that is no refusal. It may fail as long as it has not committed the
  ///     attempt; then another upstream may be asked, and `body` is called again.
  /// - Returns: nil where `body` has read an answer to its end; else the refusal of an upstream, which
  ///   is the client's, since nobody else is to be asked.
  /// - Throws: `HTTPClientError`, `StreamStart.Failure` or what else `body` throws, where nobody else
  ///   is to be asked; `OpenAIError` where nobody could be asked.
  package func answer(
    request: (UpstreamTarget) throws -> ClientRequest,
    body: (UpstreamAttempt, ClientResponse) async throws -> Void
  ) async throws -> ClientAnswer? {
    deadline = services.loop.now + services.policy.deadline.milliseconds
    if !services.arePrepared(targets) { await services.prepare(targets) }
    // Who answered before goes on, as long as it can.
    var queue =
      targets.count == 1 ? targets[...] : ([current] + targets.filter { $0 !== current })[...]
    var skipped: [Skipped] = []
    // The most telling one.
    var told: Failed?
    var isFirst = true
    // The failure after which the same one is asked again.
    var repeated: AttemptFailure?
    // Those that are asked though they rest, since nobody else is left.
    var needed: [UpstreamTarget] = []
    while timeLeft > .zero,
      let (target, hasPlace) = next(of: &queue, after: repeated)
        ?? takeResting(&skipped, &needed).map({ ($0, false) })
    {
      let last = repeated
      repeated = nil
      let isNeeded = needed.contains { $0 === target }
      guard
        let attempt = try await begin(
          target, after: last, hasPlace: hasPlace, isNeeded: isNeeded, &skipped)
      else { continue }
      if last == nil { services.addRequest(to: target) }
      if isFirst { rounds += 1 }
      isFirst = false
      do {
        try await run(attempt, request, after: last, body)
        return nil
      } catch {
        let failure = try settle(attempt, error)
        if told.map({ $0.failure.telling <= failure.telling }) ?? true {
          told = Failed(target: target, failure: failure, error: error)
        }
        let hasOther =
          queue.contains(where: isLeft)
          || skipped.contains { ($0.rests || $0.isTried) && isLeft($0.target) }
        switch step(after: failure, hasOther: hasOther) {
        case .next:
          if failure.isUnsent { unsent += 1 }
          passOver(target, failure.reason)
        case .again(let wait)
        where isAdmissible(target, after: failure, wait, isNeeded: isNeeded)
          && services.takeRetry(at: target):
          services.observer.retry(upstream: target.upstream.name, reason: failure.reason)
          if wait > .zero { try await services.loop.sleep(for: wait) }
          queue.insert(target, at: queue.startIndex)
          repeated = failure
        case .again where hasOther && services.policy.mayFallOver(failure):
          passOver(target, failure.reason)
        case .again, .stop:
          // What another upstream would say as well is told as it is.
          guard services.policy.mayFallOver(failure), let told else {
            return try refusal(error)
          }
          if told.target !== target { passOver(target, failure.reason) }
          return try tell(told)
        }
      }
    }
    guard let told else { return try await askLastResort(skipped, request, body) }
    // Whoever's trial could not be had may work by now.
    let tried = skipped.filter(\.isTried)
    guard timeLeft > .zero, !tried.isEmpty else { return try tell(told) }
    do { return try await askLastResort(tried, request, body) } catch is OpenAIError {
      return try tell(told)
    }
  }

  /// Takes one out that was passed over only since others were to be asked first.
  private func takeResting(
    _ skipped: inout [Skipped], _ needed: inout [UpstreamTarget]
  ) -> UpstreamTarget? {
    guard let index = skipped.firstIndex(where: \.rests) else { return nil }
    let target = skipped.remove(at: index).target
    takeBack(target)
    needed.append(target)
    return target
  }

  private func step(after failure: AttemptFailure, hasOther: Bool) -> RetryPolicy.Step {
    services.policy.step(
      after: failure,
      RetryPolicy.Standing(
        attempts: attempts - unsent - rounds + 1, hasOther: hasOther, left: timeLeft),
      using: &services.generator)
  }

  var timeLeft: Duration { .milliseconds(deadline - min(deadline, services.loop.now)) }

  private func tell(_ failed: Failed) throws -> ClientAnswer {
    current = failed.target
    return try refusal(failed.error)
  }

  private func refusal(_ error: any Error) throws -> ClientAnswer {
    guard let refusal = error as? UpstreamRefusal else { throw error }
    return refusal.answer
  }

  // MARK: One attempt

  /// Makes an attempt that has its place, and gives the place back.
  private func run(
    _ attempt: UpstreamAttempt, _ request: (UpstreamTarget) throws -> ClientRequest,
    after last: AttemptFailure? = nil,
    _ body: (UpstreamAttempt, ClientResponse) async throws -> Void
  ) async throws {
    let target = attempt.target
    defer { services.limits[target]?.leave() }
    attempts += 1
    tellFallbacks()
    current = target
    var request = try request(target)
    // A repetition is counted, and decided on here; the next kept connection may be closed, too.
    request.retriesStaleConnection = false
    request.needsNewConnection = last?.isOfKeptConnection ?? false
    if timeLeft < max(request.timeouts.connect, request.timeouts.firstByte) {
      request.timeouts.connect = min(request.timeouts.connect, timeLeft)
      request.timeouts.firstByte = min(request.timeouts.firstByte, timeLeft)
      attempt.isCutShort = true
    }
    attempt.namesOwnAccount = target.upstream.isOwnAccount(in: request.headers)
    try await services.client(for: target).withResponse(request) { response in
      attempt.answered()
      if response.head.status >= 400 {
        let content = try await response.collect(limit: Self.largestRefusal)
        if let failure = AttemptFailure(response.head, body: content) {
          throw UpstreamRefusal(ClientAnswer(head: response.head, body: content), failure)
        }
      }
      attempt.accepted(response)
      try await body(attempt, response)
    }
    if let failure = attempt.failure {
      attempt.record(failure)
      observe(attempt, failure.reason)
    } else {
      attempt.recordSuccess()
      observe(attempt, "ok")
    }
  }

  /// Records how an attempt has failed.
  /// - Returns: the failure, where another attempt may follow.
  /// - Throws: the error, where none may.
  private func settle(_ attempt: UpstreamAttempt, _ error: any Error) throws -> AttemptFailure {
    guard let failure = Self.failure(error, attempt) else {
      // The client has left, or the request cannot be made.
      attempt.record(.ignored)
      if Self.meansThatClientLeft(error) { observe(attempt, "client_left") }
      throw error
    }
    // That it had less time than it should have says nothing of an upstream.
    if attempt.isCutShort, case .timeout? = (error as? HTTPClientError)?.kind {
      attempt.record(.ignored)
    }
    attempt.record(failure)
    observe(attempt, failure.reason)
    if attempt.isCommitted { throw error }
    return failure
  }

  private static func failure(_ error: any Error, _ attempt: UpstreamAttempt) -> AttemptFailure? {
    if let failure = attempt.failure { return failure }
    switch error {
    case let refusal as UpstreamRefusal: return refusal.failure
    case let error as HTTPClientError:
      return error.kind == .cancelled ? nil : AttemptFailure(error)
    case StreamStart.Failure.error(let data): return AttemptFailure(inStream: data)
    case StreamStart.Failure.ended, is SSEError, is AnswerCut: return AttemptFailure(.broken)
    default: return nil
    }
  }

  private static func meansThatClientLeft(_ error: any Error) -> Bool {
    switch error {
    case is HTTPServerError, is CancellationError: true
    case let error as HTTPClientError: error.kind == .cancelled
    default: false
    }
  }

  private func observe(_ attempt: UpstreamAttempt, _ result: String) {
    services.observer.attempt(
      upstream: attempt.target.upstream.name, result: result,
      firstByte: attempt.timeToFirstByte, total: attempt.elapsed)
  }

  // MARK: Who was passed over

  func passOver(_ target: UpstreamTarget, _ reason: String) {
    let name = target.name
    guard !passedOver.contains(where: { $0.name == name && $0.reason == reason }) else { return }
    passedOver.append((name, reason))
    untold.append((target, reason))
  }

  /// One that was passed over is asked after all.
  private func takeBack(_ target: UpstreamTarget) {
    passedOver.removeAll { $0.name == target.name }
    untold.removeAll { $0.target === target }
  }

  /// Tells that another upstream is asked in place of those that were passed over since the last.
  private func tellFallbacks() {
    guard !untold.isEmpty else { return }
    for passed in untold {
      services.observer.fallback(from: passed.target.upstream.name, reason: passed.reason)
    }
    untold = []
  }

  // MARK: Nobody

  /// Asks the one that is nearest to its trial, where everyone is kept from being asked.
  private func askLastResort(
    _ skipped: [Skipped], _ request: (UpstreamTarget) throws -> ClientRequest,
    _ body: (UpstreamAttempt, ClientResponse) async throws -> Void
  ) async throws -> ClientAnswer? {
    guard services.asksLastResort, let attempt = try await beginLastResort(skipped) else {
      throw Skipped.nobody(skipped)
    }
    let target = attempt.target
    services.addRequest(to: target)
    rounds += 1
    takeBack(target)
    do {
      try await run(attempt, request, body)
      return nil
    } catch {
      _ = try settle(attempt, error)
      return try refusal(error)
    }
  }
}
