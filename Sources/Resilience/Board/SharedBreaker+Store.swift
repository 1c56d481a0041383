internal import State
internal import Synchronization

/// What one breaker exchanges with the store. Nobody waits for it on the way of a request.
extension SharedBreaker {
  /// How often a writing that others came before is tried again at once.
  static let attempts = 8
  /// How long to wait after a store that is there has refused.
  private static let pause = Duration.seconds(1)

  /// Whether there is something that the store has not been told, or is just being told.
  var owesStore: Bool { state.withLock { $0.isDirty || $0.isPublishing || $0.own.isUntold } }

  /// Tells the store what has changed. Called by whoever has begun publishing.
  func publish() { Task { await publishUntilClean() } }

  /// Compares the breaker with the store: takes over what is stored, and stores what is missing.
  func compare() { Task { await compareNow() } }

  /// Like ``compare()``, and returns when it is done, or somebody else is about it.
  func compareNow() async {
    let isFirst = state.withLock { state in
      // What was stored when it was looked at last is not to be trusted.
      state.stored = nil
      state.look += 1
      return state.beginPublishing()
    }
    if isFirst { await publishUntilClean() }
    await sendCountsNow(evenIfNone: isCountedTogether)
  }

  /// Has the store written down what is known now, and waits for it.
  /// - Parameter limit: the longest that it waits.
  /// - Returns: whether it is stored, as far as is known by then. Where it is not, the store is told as
  ///   soon as it can be.
  package func store(within limit: Duration) async -> Bool {
    guard board.store.isAvailable else { return false }
    let snapshot = state.withLock { $0.breaker.snapshot }
    let isStored = await FirstAnswer.of(within: limit) { [self] in
      do throws(StateError) {
        try await publish(snapshot)
        return true
      } catch { return false }
    }
    return isStored ?? false
  }

  /// Has the store told all that it has not been told, and waits for it.
  func settle(within limit: Duration) async {
    _ = await store(within: limit)
    await sendCountsNow(evenIfNone: false)
  }

  private func publishUntilClean() async {
    while let snapshot = takeUnpublished() {
      do throws(StateError) {
        try await publish(snapshot)
      } catch {
        board.noteWriting(key, error)
        let isOver = state.withLock { state in
          state.isDirty = true
          state.isRefused = true
          if error.kind == .closed { state.isPublishing = false }
          return error.kind == .closed
        }
        if isOver { return }
        // A store that has gone away ends the publishing, until it is back.
        guard board.store.isAvailable else { continue }
        // Nobody waits for a part of it that is away.
        Task {
          try? await Task.sleep(for: Self.pause)
          await publishUntilClean()
        }
        return
      }
    }
  }

  /// What the store should know; nil where it knows everything, and publishing is over.
  private func takeUnpublished() -> BreakerSnapshot? {
    state.withLock { state in
      guard state.isDirty, board.store.isAvailable, !state.isDropped else {
        // What is left is told when the store is back, unless the breaker is gone.
        state.isPublishing = false
        return nil
      }
      state.isDirty = false
      return state.breaker.snapshot
    }
  }

  private func publish(_ snapshot: BreakerSnapshot) async throws(StateError) {
    var (current, look, unsaid) = state.withLock { ($0.stored, $0.look, $0.unsaid) }
    if current == nil { current = try await board.store.get(key.stateKey) }
    for _ in 0..<Self.attempts {
      let now = clock.now
      let stored = current.flatMap { BreakerSnapshot(bytes: $0.value) }
      let merged = snapshot.merged(with: stored ?? snapshot, now: now)
      if merged == stored || (current == nil && merged == unsaid) {
        return absorb(merged, current, from: look)
      }
      let result = try await board.store.compareAndSet(
        key.stateKey, revision: current?.revision ?? 0, to: merged.bytes, lifetime: merged.lifetime,
        announced: true)
      switch result {
      case .stored(let revision):
        board.noteWriting(key, nil)
        return absorb(merged, StoredValue(revision: revision, value: merged.bytes), from: look)
      case .conflict(let other): current = other
      }
    }
    throw StateError(.refused, "the state of \(key) is written by others without end")
  }

  /// Takes over what is announced.
  func hear(_ value: StoredValue) {
    guard let snapshot = BreakerSnapshot(bytes: value.value) else { return }
    absorb(snapshot, value)
  }

  /// - Parameter look: under which the store was read; nil where it has told it by itself. What was
  ///   read before the store was to be looked at anew, as after a fail-over, may be gone.
  private func absorb(
    _ snapshot: BreakerSnapshot, _ stored: StoredValue?, from look: Int? = nil
  ) {
    let now = clock.now
    let (transitions, mustPublish, reset) = mutate { state in
      let before = state.breaker.snapshot.generation
      let isKnown = look == nil || look == state.look
      if isKnown, stored?.revision ?? 0 >= state.stored?.revision ?? 0 { state.stored = stored }
      state.isShared = true
      // What is heard by itself shows nothing of whether the store takes what it is told.
      if look != nil { state.isRefused = false }
      let lost = state.breaker.givenUp
      let transitions = state.breaker.absorb(
        snapshot, by: board.configuration.owner, now: now)
      state.note(transitions)
      // That a trial is given back is to be known by all.
      let gaveBack = lost != state.breaker.givenUp
      let generation = state.breaker.snapshot.generation
      return (
        transitions, gaveBack && state.beginPublishing(), generation > before ? generation : nil
      )
    }
    tell(transitions)
    if mustPublish { publish() }
    if let reset { board.heard(resetAt: reset, of: key) }
  }

  /// Forgets what was found out before a reset of all models of its provider.
  func takeOver(resetAt generation: Int64) {
    change { breaker, now, _ in
      breaker.absorb(.reset(at: generation), by: board.configuration.owner, now: now)
    }
  }

  /// Moves the times of a state that was never shared, since they are of another clock.
  func rebase(by milliseconds: Int64) {
    mutate { state in
      guard !state.isShared else { return }
      state.breaker.rebase(by: milliseconds)
    }
  }
}
