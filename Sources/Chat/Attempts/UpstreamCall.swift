internal import EventLoop
package import HTTP
internal import OpenAIWire
internal import Resilience

/// Asks the upstreams that can answer a request, one after the other, until one does. For one request
/// of a client; a tool loop calls it once for each round. Loop-bound.
package final class UpstreamCall {
  /// What came of a call.
  package enum Answer<Value> {
    /// What `body` made of an upstream's answer.
    case answered(Value)
    /// The upstream refused, and nobody else is to be asked: its answer is the client's.
    case refused(ResponseHead, [UInt8])
  }

  private let services: UpstreamServices
  private var targets: [UpstreamTarget]
  /// Who was asked last, or is to be asked first.
  package private(set) var current: UpstreamTarget
  /// Who was not asked or has failed, and why, in order.
  package private(set) var passedOver: [(name: String, reason: String)] = []
  /// Of these, who was passed over since somebody was asked.
  private var untold: [(target: UpstreamTarget, reason: String)] = []
  /// Attempts so far.
  package private(set) var attempts = 0

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

  /// Asks.
  /// - Parameters:
  ///   - request: the request for a target.
  ///   - body: reads an answer that is no refusal. It may fail as long as it has not committed the
  ///     attempt; then another upstream may be asked, and `body` is called again.
  /// - Throws: `HTTPClientError`, `StreamStart.Failure` or what `body` throws, where nobody else is
  ///   to be asked; `OpenAIError` where nobody could be asked.
  package func answer<Value>(
    request: (UpstreamTarget) throws -> ClientRequest,
    body: (UpstreamAttempt, ClientResponse) async throws -> Value
  ) async throws -> Answer<Value> {
    // Who answered before goes on, as long as it can.
    var queue = [current] + targets.filter { $0.name != current.name }
    var tries = 0
    var skipped: [Skipped] = []
    var last: (any Error)?
    while let target = queue.first {
      queue.removeFirst()
      guard let attempt = try await begin(target, &skipped) else { continue }
      defer { leave(target) }
      (tries, attempts) = (tries + 1, attempts + 1)
      tellFallbacks()
      current = target
      do {
        return .answered(try await run(attempt, try request(target), body))
      } catch {
        let failure = try settle(attempt, error)
        let hasOther = queue.contains(where: isAdmissible)
        let step = services.policy.step(
          after: failure, attempt: tries, hasOther: hasOther, using: &services.generator)
        last = error
        switch step {
        case .next: passOver(target, failure.reason)
        case .again(let wait) where services.takeRetry(at: target.upstream):
          services.observer.retry(upstream: target.upstream.name, reason: failure.reason)
          try await services.loop.sleep(for: wait)
          queue.insert(target, at: 0)
        case .again, .stop: return try refusal(error)
        }
      }
    }
    if let last { return try refusal(last) }
    return try await askLastResort(skipped, request, body)
  }

  /// An upstream's refusal, on its way to whoever decides what comes of it.
  private struct Refusal: Error {
    let head: ResponseHead
    let body: [UInt8]
    let failure: AttemptFailure
  }

  private func refusal<Value>(_ error: any Error) throws -> Answer<Value> {
    guard let refusal = error as? Refusal else { throw error }
    return .refused(refusal.head, refusal.body)
  }

  private func run<Value>(
    _ attempt: UpstreamAttempt, _ request: ClientRequest,
    _ body: (UpstreamAttempt, ClientResponse) async throws -> Value
  ) async throws -> Value {
    let upstream = attempt.target.upstream
    let value = try await services.client(for: upstream).withResponse(request) { response in
      attempt.answered()
      if response.head.status >= 400 {
        let content = try await response.collect(limit: Self.largestRefusal)
        if let failure = AttemptFailure(response.head, body: content) {
          throw Refusal(head: response.head, body: content, failure: failure)
        }
      }
      return try await body(attempt, response)
    }
    if let failure = attempt.failure {
      attempt.record(outcome(failure, upstream), reason: failure.reason)
      observe(attempt, failure.reason)
    } else {
      attempt.recordSuccess()
      observe(attempt, "ok")
    }
    return value
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
    attempt.record(outcome(failure, attempt.target.upstream), reason: failure.reason)
    observe(attempt, failure.reason)
    if attempt.isCommitted { throw error }
    return failure
  }

  private static func failure(_ error: any Error, _ attempt: UpstreamAttempt) -> AttemptFailure? {
    if let failure = attempt.failure { return failure }
    switch error {
    case let refusal as Refusal: return refusal.failure
    case let error as HTTPClientError:
      return error.kind == .cancelled ? nil : AttemptFailure(error)
    case is StreamStart.Failure: return AttemptFailure(.streamError)
    case is SSEError: return AttemptFailure(.broken)
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

  private func outcome(_ failure: AttemptFailure, _ upstream: ChatUpstream) -> CallOutcome {
    failure.outcome(ownKey: upstream.apiKey != nil)
  }

  private func observe(_ attempt: UpstreamAttempt, _ result: String) {
    services.observer.attempt(
      upstream: attempt.target.upstream.name, result: result,
      firstByte: attempt.timeToFirstByte, total: attempt.elapsed)
  }

  private func passOver(_ target: UpstreamTarget, _ reason: String) {
    guard !passedOver.contains(where: { $0.name == target.name && $0.reason == reason }) else {
      return
    }
    passedOver.append((target.name, reason))
    untold.append((target, reason))
  }

  /// Tells that another upstream is asked in place of those that were passed over since the last.
  private func tellFallbacks() {
    for passed in untold {
      services.observer.fallback(from: passed.target.upstream.name, reason: passed.reason)
    }
    untold = []
  }

  // MARK: Places

  /// A target that was not asked, and why.
  private struct Skipped {
    let target: UpstreamTarget
    let reason: String
    let wait: Duration?
    let allowsLastResort: Bool
  }

  private func isAdmissible(_ target: UpstreamTarget) -> Bool {
    if case .refused = services.breaker(target)?.admission() { false } else { true }
  }

  /// Passes the breaker, and takes a place where places are limited.
  /// - Returns: nil where the target is not to be asked now.
  private func begin(
    _ target: UpstreamTarget, _ skipped: inout [Skipped]
  ) async throws -> UpstreamAttempt? {
    let breaker = services.breaker(target)
    var permit: CallPermit?
    switch breaker?.admission() {
    case nil: break
    case .allowed(let allowed): permit = allowed
    case .trialAvailable:
      permit = await breaker?.takeTrial()
      if permit == nil { skip(target, .trialRunning, nil, breaker, &skipped) }
    case .refused(let refusal, let until): skip(target, refusal, until, breaker, &skipped)
    }
    if breaker != nil && permit == nil { return nil }
    let attempt = UpstreamAttempt(target, breaker, permit)
    guard try await enter(target, &skipped) else {
      attempt.record(.ignored)
      return nil
    }
    services.addRequest(to: target.upstream)
    return attempt
  }

  private func skip(
    _ target: UpstreamTarget, _ refusal: Admission.Refusal, _ until: Int64?,
    _ breaker: SharedBreaker?, _ skipped: inout [Skipped]
  ) {
    let wait = until.flatMap { until in
      breaker.map { Duration.milliseconds($0.millisecondsUntil(until)) }
    }
    passOver(target, "unavailable")
    skipped.append(
      Skipped(
        target: target, reason: refusal.sentence(wait: wait), wait: wait,
        allowsLastResort: refusal.isDoubtful))
  }

  private func enter(
    _ target: UpstreamTarget, _ skipped: inout [Skipped]
  ) async throws -> Bool {
    guard let limit = services.limits[target.upstream] else { return true }
    do throws(ConcurrencyLimit.Refusal) {
      try await limit.enter(on: services.loop)
      return true
    } catch {
      if error == .cancelled { throw CancellationError() }
      passOver(target, "busy")
      skipped.append(
        Skipped(
          target: target, reason: "too many requests are under way", wait: .seconds(1),
          allowsLastResort: false))
      return false
    }
  }

  private func leave(_ target: UpstreamTarget) { services.limits[target.upstream]?.leave() }

  // MARK: Nobody

  /// Asks the one that is nearest to its trial, where everyone is kept from being asked.
  private func askLastResort<Value>(
    _ skipped: [Skipped], _ request: (UpstreamTarget) throws -> ClientRequest,
    _ body: (UpstreamAttempt, ClientResponse) async throws -> Value
  ) async throws -> Answer<Value> {
    let nearest = skipped.filter(\.allowsLastResort)
      .min { ($0.wait ?? .zero) < ($1.wait ?? .zero) }
    guard services.asksLastResort, let nearest else { throw Self.nobody(skipped) }
    let target = nearest.target
    var ignored: [Skipped] = []
    guard try await enter(target, &ignored) else { throw Self.nobody(skipped) }
    defer { leave(target) }
    let breaker = services.breaker(target)
    let attempt = UpstreamAttempt(target, breaker, breaker?.lastResortPermit)
    services.addRequest(to: target.upstream)
    attempts += 1
    current = target
    passedOver.removeAll { $0.name == target.name }
    untold.removeAll { $0.target.name == target.name }
    tellFallbacks()
    do {
      return .answered(try await run(attempt, try request(target), body))
    } catch {
      _ = try settle(attempt, error)
      return try refusal(error)
    }
  }

  private static func nobody(_ skipped: [Skipped]) -> OpenAIError {
    let list = skipped.prefix(20).map { "\($0.target.name): \($0.reason)" }
    return .unavailable(
      "No upstream can answer this now (\(list.joined(separator: "; "))).",
      retryAfter: skipped.compactMap(\.wait).min(), code: "upstream_unavailable")
  }
}
