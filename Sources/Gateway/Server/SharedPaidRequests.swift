internal import EventLoop
internal import Images
internal import OpenAIWire
internal import State

/// Requests that were paid for, as all gateways of a state store remember them: a repetition that
/// comes to another gateway gets what the first try paid for, and waits for it where it is under way
/// there. A store that is away costs no request: each gateway remembers its own.
final class SharedPaidRequests: Sendable {
  private let local: PaidRequests
  private let store: BriefStore
  private let lifetime: Duration

  /// How long a gateway's word that it draws is believed, unless it says so again: past it, one that
  /// was killed keeps nobody from drawing.
  private static let lease = Duration.seconds(15)
  /// Between two looks at what another gateway draws.
  private static let pause = Duration.milliseconds(200)

  /// - Parameter lifetime: of each request.
  init(_ store: BriefStore, lifetime: Duration = .seconds(3600)) {
    self.store = store
    self.lifetime = lifetime
    local = PaidRequests(lifetime: lifetime)
  }

  /// A digest: the scope in a key is a client's credential.
  private static func key(_ text: String) -> StateKey {
    StateKey(group: "paid:\(Digest.hex(Digest.sha256(Array(text.utf8))))", name: "pictures")
  }

  // MARK: Requests

  /// What `key` came to, or is coming to, here or at another gateway; nil where nothing is known of
  /// it, or where its client has left before anything came of it.
  func outcome(of key: String, on loop: EventLoop) async -> PaidRequests.Outcome? {
    if let known = await local.outcome(of: key, on: loop) { return known }
    let key = Self.key(key)
    var seen: ContinuousClock.Instant?
    while true {
      let value = await store.ask { store throws(StateError) in try await store.get(key) }
      switch value.map({ $0.flatMap { PaidEntry(json: $0.value) } }) {
      case .done(let kept, _)??: return .success(kept)
      case .drawing??: seen = .now
      case .some(nil): return nil
      case nil: guard Self.isRecent(seen) else { return nil }
      }
      do { try await loop.sleep(for: Self.pause) } catch { return nil }
    }
  }

  /// Draws, unless `key` was drawn before or is being drawn, here or at another gateway: then its
  /// pictures are the answer.
  /// - Parameter fingerprint: of the request; another one under the same key is refused.
  /// - Throws: `OpenAIError`: what `draw` throws, or status 422 for another request of the same key.
  func once(
    _ key: String, fingerprint: String, on loop: EventLoop,
    _ draw: () async throws(OpenAIError) -> KeptPictures
  ) async throws(OpenAIError) -> KeptPictures {
    try await local.once(key, fingerprint: fingerprint, on: loop) { () throws(OpenAIError) in
      try await claim(Self.key(key), fingerprint, loop, draw)
    }
  }

  /// Draws, and remembers it as what `key` came to.
  func anew(
    _ key: String, on loop: EventLoop, _ draw: () async throws(OpenAIError) -> KeptPictures
  ) async throws(OpenAIError) -> KeptPictures {
    try await local.anew(key) { () throws(OpenAIError) in
      let key = Self.key(key)
      await put(.drawing(fingerprint: ""), key, Self.lease)
      return try await run(key, "", loop, draw)
    }
  }

  // MARK: Between gateways

  private static func isRecent(_ seen: ContinuousClock.Instant?) -> Bool {
    seen.map { $0 + lease > .now } ?? false
  }

  /// Draws as the only one of all gateways, or waits for the one that does.
  private func claim(
    _ key: StateKey, _ fingerprint: String, _ loop: EventLoop,
    _ draw: () async throws(OpenAIError) -> KeptPictures
  ) async throws(OpenAIError) -> KeptPictures {
    let mine = PaidEntry.drawing(fingerprint: fingerprint).json
    // When another one was last heard to draw: a store that goes away meanwhile is waited for as long
    // as its word is believed.
    var seen: ContinuousClock.Instant?
    while true {
      let claimed = await store.ask { store throws(StateError) in
        try await store.compareAndSet(
          key, revision: 0, to: mine, lifetime: Self.lease, announced: false)
      }
      switch claimed {
      case .stored?: return try await run(key, fingerprint, loop, draw)
      case .conflict(let value)?:
        // What cannot be read was written by a gateway of another version, and says nothing here.
        let entry = value.map { PaidEntry(json: $0.value) }
        if case .some(nil) = entry { return try await draw() }
        guard let entry = entry ?? nil else { continue }
        guard entry.fingerprint == fingerprint else { throw PaidRequests.keyReused }
        if case .done(let kept, _) = entry { return kept }
        seen = .now
      case nil:
        guard Self.isRecent(seen) else { return try await run(key, fingerprint, loop, draw) }
      }
      do { try await loop.sleep(for: Self.pause) } catch {
        throw .upstreamFailed(
          "The request was cancelled.", code: ImageFailure.Kind.cancelled.rawValue)
      }
    }
  }

  /// Draws, says so again and again, and at the end what came of it.
  private func run(
    _ key: StateKey, _ fingerprint: String, _ loop: EventLoop,
    _ draw: () async throws(OpenAIError) -> KeptPictures
  ) async throws(OpenAIError) -> KeptPictures {
    let renewal = loop.spawn { [self] in
      while true {
        do { try await loop.sleep(for: Self.lease / 3) } catch { return }
        await put(.drawing(fingerprint: fingerprint), key, Self.lease)
      }
    }
    let result: Result<KeptPictures, OpenAIError>
    do throws(OpenAIError) { result = .success(try await draw()) } catch {
      result = .failure(error)
    }
    renewal.cancel()
    // Also where the client has left: its repetition asks for it. Before the answer, so that it is
    // found wherever the client asks next.
    await loop.shielded { [self] in
      await renewal.value
      switch result {
      case .success(let kept): await put(.done(kept, fingerprint: fingerprint), key, lifetime)
      case .failure:
        await store.tell { store throws(StateError) in try await store.remove(key) }
      }
    }
    return try result.get()
  }

  private func put(_ entry: PaidEntry, _ key: StateKey, _ lifetime: Duration) async {
    let json = entry.json
    await store.tell { store throws(StateError) in
      try await store.put(key, json, lifetime: lifetime)
    }
  }
}
