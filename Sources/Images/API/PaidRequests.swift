package import EventLoop
package import OpenAIWire
internal import Synchronization

/// Remembers requests for pictures for an hour, so that a repetition of one gets what the first try
/// paid for: one that comes while the first is under way waits for it. A failure that may have been
/// paid for is remembered for some minutes, too: it would be paid for again. Shared by all loops.
package final class PaidRequests: Sendable {
  /// What a request came to.
  package typealias Outcome = Result<KeptPictures, OpenAIError>

  /// Told what a request came to; nil where nothing came of it, since its client has left.
  private typealias Waiter = @Sendable (Outcome?) -> Void

  private enum Entry {
    /// `paid` is what came of a try that this one has replaced while it was under way.
    case underWay(number: Int, fingerprint: String, waiting: [Waiter], paid: KeptPictures?)
    case done(Outcome, fingerprint: String, expires: ContinuousClock.Instant)
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var order: [String] = []
    var number = 0
  }

  /// What a request is told that comes under the key of another one.
  package static let keyReused = OpenAIError(
    status: 422,
    message: "The idempotency key was used for another request. Use a new key for each.",
    type: "invalid_request_error", code: "idempotency_key_reused")

  /// How long a failure is remembered: longer than SDKs try again, shorter than people do.
  package static let failureLifetime = Duration.seconds(120)

  /// Whether a repetition is to be told of a failure, and not to draw.
  package static func isKept(_ error: OpenAIError) -> Bool {
    error.shouldRetry == false && !error.isClientGone
  }

  private let state = Mutex(State())
  private let capacity: Int
  private let lifetime: Duration

  /// - Parameters:
  ///   - capacity: requests that are remembered; the oldest make room.
  ///   - lifetime: of each.
  package init(capacity: Int = 10_000, lifetime: Duration = .seconds(3600)) {
    self.capacity = capacity
    self.lifetime = lifetime
  }

  /// What `key` came to, or is coming to; nil where nothing is known of it, or where its client has
  /// left before anything came of it.
  package func outcome(of key: String, on loop: EventLoop) async -> Outcome? {
    let event = LoopEvent<Outcome?>()
    let bound = LoopBound(event, on: loop)
    let known: Outcome?? = state.withLock { state in
      switch state.entries[key] {
      case .done(let outcome, _, let expires) where expires > .now: return .some(outcome)
      case .underWay(let number, let fingerprint, let waiting, let paid):
        let wake: Waiter = { outcome in
          loop.submit { bound.value.fire(outcome) }
        }
        state.entries[key] = .underWay(
          number: number, fingerprint: fingerprint, waiting: waiting + [wake], paid: paid)
        return nil
      default: return .some(nil)
      }
    }
    if let known { return known }
    return await event.wait()
  }

  /// Draws, unless `key` was drawn before or is being drawn: then its pictures are the answer.
  /// - Parameter fingerprint: of the request; another one under the same key is refused.
  /// - Throws: `OpenAIError`: what `draw` throws, or status 422 for another request of the same key.
  package func once(
    _ key: String, fingerprint: String, on loop: EventLoop,
    _ draw: () async throws(OpenAIError) -> KeptPictures
  ) async throws(OpenAIError) -> KeptPictures {
    while true {
      if let known = self.fingerprint(of: key), known != fingerprint {
        throw Self.keyReused
      }
      guard let number = begin(key, fingerprint, replacing: false) else {
        if let outcome = await outcome(of: key, on: loop) { return try outcome.get() }
        continue
      }
      return try await run(key, number, fingerprint, draw)
    }
  }

  /// Draws, and remembers it as what `key` came to.
  package func anew(
    _ key: String, _ draw: () async throws(OpenAIError) -> KeptPictures
  ) async throws(OpenAIError) -> KeptPictures {
    try await run(key, begin(key, "", replacing: true) ?? 0, "", draw)
  }

  /// Forgets that `key` failed: where somebody else remembers it.
  package func forgetFailure(of key: String) {
    state.withLock { state in
      guard case .done(.failure, _, _)? = state.entries[key] else { return }
      state.entries[key] = nil
      state.order.removeAll { $0 == key }
    }
  }

  private func fingerprint(of key: String) -> String? {
    state.withLock { state in
      switch state.entries[key] {
      case .underWay(_, let fingerprint, _, _): fingerprint
      case .done(_, let fingerprint, let expires) where expires > .now: fingerprint
      default: nil
      }
    }
  }

  private func run(
    _ key: String, _ number: Int, _ fingerprint: String,
    _ draw: () async throws(OpenAIError) -> KeptPictures
  ) async throws(OpenAIError) -> KeptPictures {
    do throws(OpenAIError) {
      let kept = try await draw()
      end(key, number, fingerprint, .success(kept))
      return kept
    } catch {
      // That a client has left is no answer for the others who wait: one of them draws then.
      end(key, number, fingerprint, error.isClientGone ? nil : .failure(error))
      throw error
    }
  }

  /// - Returns: the number of the try; nil where one is under way or done and is not to be replaced.
  private func begin(_ key: String, _ fingerprint: String, replacing: Bool) -> Int? {
    state.withLock { state in
      if !replacing {
        switch state.entries[key] {
        case .underWay: return nil
        case .done(_, _, let expires) where expires > .now: return nil
        default: break
        }
      }
      state.number += 1
      // Those that wait for a try that is replaced learn of the newer one.
      var waiting: [Waiter] = []
      var paid: KeptPictures?
      if case .underWay(_, _, let others, let earlier) = state.entries[key] {
        (waiting, paid) = (others, earlier)
      }
      let entry = Entry.underWay(
        number: state.number, fingerprint: fingerprint, waiting: waiting, paid: paid)
      if state.entries.updateValue(entry, forKey: key) == nil { state.order.append(key) }
      makeRoom(&state)
      return state.number
    }
  }

  /// Forgets the oldest that are not under way.
  private func makeRoom(_ state: inout State) {
    var looked = 0
    while state.order.count > capacity, looked < 64 {
      looked += 1
      let oldest = state.order.removeFirst()
      if case .underWay = state.entries[oldest] {
        state.order.append(oldest)
      } else {
        state.entries[oldest] = nil
      }
    }
  }

  private func end(
    _ key: String, _ number: Int, _ fingerprint: String, _ outcome: Outcome?
  ) {
    let told = state.withLock { state -> (waiting: [Waiter], outcome: Outcome?) in
      let made = try? outcome?.get()
      guard case .underWay(let latest, let fingerprint, let waiting, let paid) = state.entries[key]
      else {
        // Replaced by one that has failed before it.
        if let made, !made.isEmpty, state.entries[key] == nil {
          state.entries[key] = .done(
            .success(made), fingerprint: fingerprint, expires: .now + lifetime)
          state.order.append(key)
        }
        return ([], nil)
      }
      guard latest == number else {
        // Replaced meanwhile, and paid for all the same: known should the newer one fail.
        if let made, !made.isEmpty {
          state.entries[key] = .underWay(
            number: latest, fingerprint: fingerprint, waiting: waiting, paid: made)
        }
        return ([], nil)
      }
      if let kept = (made?.isEmpty == true ? paid : nil) ?? made ?? paid {
        state.entries[key] = .done(
          .success(kept), fingerprint: fingerprint, expires: .now + kept.lifetime(lifetime))
        return (waiting, .success(kept))
      }
      if case .failure(let error)? = outcome, Self.isKept(error) {
        state.entries[key] = .done(
          .failure(error), fingerprint: fingerprint,
          expires: .now + min(lifetime, Self.failureLifetime))
      } else {
        state.entries[key] = nil
        state.order.removeAll { $0 == key }
      }
      return (waiting, outcome)
    }
    for wake in told.waiting { wake(told.outcome) }
  }
}
