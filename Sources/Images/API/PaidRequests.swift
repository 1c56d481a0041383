package import EventLoop
package import OpenAIWire
internal import Synchronization

/// Remembers requests for pictures for an hour, so that a repetition of one gets what the first try
/// paid for: one that comes while the first is under way waits for it. Shared by all loops.
package final class PaidRequests: Sendable {
  /// What a request came to.
  package typealias Outcome = Result<KeptPictures, OpenAIError>

  private enum Entry {
    case underWay(number: Int, waiting: [@Sendable (Outcome) -> Void])
    case done(KeptPictures, expires: ContinuousClock.Instant)
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var order: [String] = []
    var number = 0
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

  /// What `key` came to, or is coming to; nil where nothing is known of it.
  package func outcome(of key: String, on loop: EventLoop) async -> Outcome? {
    let event = LoopEvent<Outcome?>()
    let bound = LoopBound(event, on: loop)
    state.withLock { state in
      switch state.entries[key] {
      case .done(let kept, let expires) where expires > .now:
        bound.value.fire(.success(kept))
      case .underWay(let number, let waiting):
        let wake: @Sendable (Outcome) -> Void = { outcome in
          loop.submit { bound.value.fire(outcome) }
        }
        state.entries[key] = .underWay(number: number, waiting: waiting + [wake])
      default: bound.value.fire(nil)
      }
    }
    return await event.wait()
  }

  /// Draws, unless `key` was drawn before or is being drawn: then its pictures are the answer.
  package func once(
    _ key: String, on loop: EventLoop,
    _ draw: () async throws(OpenAIError) -> KeptPictures
  ) async throws(OpenAIError) -> KeptPictures {
    while true {
      guard let number = begin(key, replacing: false) else {
        if let outcome = await outcome(of: key, on: loop) { return try outcome.get() }
        continue
      }
      return try await run(key, number, draw)
    }
  }

  /// Draws, and remembers it as what `key` came to.
  package func anew(
    _ key: String, _ draw: () async throws(OpenAIError) -> KeptPictures
  ) async throws(OpenAIError) -> KeptPictures {
    try await run(key, begin(key, replacing: true) ?? 0, draw)
  }

  private func run(
    _ key: String, _ number: Int, _ draw: () async throws(OpenAIError) -> KeptPictures
  ) async throws(OpenAIError) -> KeptPictures {
    do throws(OpenAIError) {
      let kept = try await draw()
      end(key, number, .success(kept))
      return kept
    } catch {
      end(key, number, .failure(error))
      throw error
    }
  }

  /// - Returns: the number of the try; nil where one is under way or done and is not to be replaced.
  private func begin(_ key: String, replacing: Bool) -> Int? {
    state.withLock { state in
      if !replacing {
        switch state.entries[key] {
        case .underWay: return nil
        case .done(_, let expires) where expires > .now: return nil
        default: break
        }
      }
      state.number += 1
      // Those that wait for a try that is replaced learn of the newer one.
      var waiting: [@Sendable (Outcome) -> Void] = []
      if case .underWay(_, let others) = state.entries[key] { waiting = others }
      if state.entries.updateValue(.underWay(number: state.number, waiting: waiting), forKey: key)
        == nil
      {
        state.order.append(key)
      }
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

  private func end(_ key: String, _ number: Int, _ outcome: Outcome) {
    let waiting = state.withLock { state -> [@Sendable (Outcome) -> Void] in
      guard case .underWay(number, let waiting) = state.entries[key] else { return [] }
      switch outcome {
      case .success(let kept):
        state.entries[key] = .done(kept, expires: .now + lifetime)
      case .failure:
        state.entries[key] = nil
        state.order.removeAll { $0 == key }
      }
      return waiting
    }
    for wake in waiting { wake(outcome) }
  }
}

/// Pictures of a request, as far as they need not be drawn again: their bytes are in the store.
package struct KeptPictures: Sendable {
  /// The result, with the bytes of its pictures left out.
  package let result: ImageResult
  /// The pictures' ids in the store, in their order.
  package let ids: [String]

  /// Keeps what is to be known of `result`.
  package init(_ result: ImageResult, ids: [String]) {
    var result = result
    for index in result.images.indices { result.images[index].bytes = [] }
    self.result = result
    self.ids = ids
  }
}
