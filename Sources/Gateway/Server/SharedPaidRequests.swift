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
      let value = await store.ask(isAgain: seen != nil) { store throws(StateError) in
        try await store.get(key)
      }
      switch value.map({ $0.flatMap { PaidEntry(json: $0.value) } }) {
      case .done(let kept, _)??: return .success(kept)
      case .failed(let error, _)??: return .failure(error)
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
    var isForeign = false
    do throws(OpenAIError) {
      return try await local.once(key, fingerprint: fingerprint, on: loop) {
        () throws(OpenAIError) in
        try await claim(Self.key(key), fingerprint, loop, draw) { isForeign = true }
      }
    } catch {
      // The gateway where it failed says for how long that is told.
      if isForeign { local.forgetFailure(of: key) }
      throw error
    }
  }

  /// Draws, and remembers it as what `key` came to.
  func anew(
    _ key: String, on loop: EventLoop, _ draw: () async throws(OpenAIError) -> KeptPictures
  ) async throws(OpenAIError) -> KeptPictures {
    try await local.anew(key) { () throws(OpenAIError) in
      let claim = PaidClaim(Self.key(key), fingerprint: "")
      await store.tell { store throws(StateError) in try await claim.take(in: store) }
      return try await run(claim, "", loop, draw)
    }
  }

  // MARK: Between gateways

  private static func isRecent(_ seen: ContinuousClock.Instant?) -> Bool {
    seen.map { $0 + PaidClaim.lifetime > .now } ?? false
  }

  /// Draws as the only one of all gateways, or waits for the one that does.
  /// - Parameter foreign: called before a failure at another gateway is thrown.
  private func claim(
    _ key: StateKey, _ fingerprint: String, _ loop: EventLoop,
    _ draw: () async throws(OpenAIError) -> KeptPictures, foreign: () -> Void
  ) async throws(OpenAIError) -> KeptPictures {
    let claim = PaidClaim(key, fingerprint: fingerprint)
    // When another one was last heard to draw: a store that goes away meanwhile is waited for as long
    // as its word is believed.
    var seen: ContinuousClock.Instant?
    while true {
      let claimed = await store.ask(isAgain: seen != nil) { store throws(StateError) in
        try await store.compareAndSet(
          key, revision: 0, to: claim.json, lifetime: PaidClaim.lifetime, announced: false)
      }
      switch claimed {
      case .stored?: return try await run(claim, fingerprint, loop, draw)
      case .conflict(let value)?:
        // The store had done before what it did not answer in time.
        if value.map(claim.isOwn) == true { return try await run(claim, fingerprint, loop, draw) }
        // What cannot be read was written by a gateway of another version, and says nothing here.
        let entry = value.map { PaidEntry(json: $0.value) }
        if case .some(nil) = entry { return try await draw() }
        guard let entry = entry ?? nil else { continue }
        guard entry.fingerprint == fingerprint else { throw PaidRequests.keyReused }
        switch entry {
        case .done(let kept, _): return kept
        case .failed(let error, _):
          foreign()
          throw error
        case .drawing: break
        }
        seen = .now
      case nil:
        guard Self.isRecent(seen) else { return try await run(claim, fingerprint, loop, draw) }
      }
      do { try await loop.sleep(for: Self.pause) } catch {
        throw .clientHasLeft
      }
    }
  }

  /// Draws, says so again and again, and at the end what came of it.
  private func run(
    _ claim: PaidClaim, _ fingerprint: String, _ loop: EventLoop,
    _ draw: () async throws(OpenAIError) -> KeptPictures
  ) async throws(OpenAIError) -> KeptPictures {
    let renewal = loop.spawn { [store] in
      while true {
        do { try await loop.sleep(for: PaidClaim.lifetime / 3) } catch { return }
        await store.tell { store throws(StateError) in try await claim.renew(in: store) }
      }
    }
    let result: Result<KeptPictures, OpenAIError>
    do throws(OpenAIError) { result = .success(try await draw()) } catch {
      result = .failure(error)
    }
    renewal.cancel()
    claim.end()
    // Also where the client has left: its repetition asks for it. Before the answer, so that it is
    // found wherever the client asks next.
    await loop.shielded { [store, lifetime] in
      await renewal.value
      switch result {
      case .success(let kept):
        let json = PaidEntry.done(kept, fingerprint: fingerprint).json
        await store.tell { store throws(StateError) in
          // What another gateway has made meanwhile is more than nothing.
          if kept.isEmpty { return try await claim.end(with: json, in: store) }
          try await store.put(claim.key, json, lifetime: lifetime)
        }
      case .failure(let error) where PaidRequests.isKept(error):
        await store.tell { store throws(StateError) in try await claim.fail(error, in: store) }
      case .failure:
        // What another gateway draws, or has drawn, under the same key is not taken back.
        await store.tell { store throws(StateError) in try await claim.withdraw(in: store) }
      }
    }
    return try result.get()
  }
}
