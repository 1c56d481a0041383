internal import State
internal import Synchronization

/// What one breaker exchanges with the store. Nobody waits for it on the way of a request.
extension SharedBreaker {
  /// Longer than any state lasts: what is older says nothing any more.
  static let lifetime = Duration.seconds(2 * 86_400)
  /// How often a writing that others came before is tried again at once.
  static let attempts = 8
  /// How long to wait after a store that is there has refused.
  private static let pause = Duration.seconds(1)

  /// Tells the store what has changed. Called by whoever has begun publishing.
  func publish() { Task { await publishUntilClean() } }

  /// Compares the breaker with the store: takes over what is stored, and stores what is missing.
  func compare() { Task { await compareNow() } }

  /// Like ``compare()``, and returns when it is done, or somebody else is about it.
  func compareNow() async {
    let isFirst = state.withLock { state in
      // What was stored when it was looked at last is not to be trusted.
      state.stored = nil
      return state.beginPublishing()
    }
    if isFirst { await publishUntilClean() }
  }

  private func publishUntilClean() async {
    while let snapshot = takeUnpublished() {
      do throws(StateError) {
        try await publish(snapshot)
      } catch {
        state.withLock { $0.isDirty = true }
        guard board.store.isAvailable, error.kind != .closed else { break }
        guard (try? await Task.sleep(for: Self.pause)) != nil else { break }
      }
    }
  }

  /// What the store should know; nil where it knows everything, and publishing is over.
  private func takeUnpublished() -> BreakerSnapshot? {
    state.withLock { state in
      guard state.isDirty, board.store.isAvailable else {
        // What is left is told when the store is back.
        state.isPublishing = false
        return nil
      }
      state.isDirty = false
      return state.breaker.snapshot
    }
  }

  private func publish(_ snapshot: BreakerSnapshot) async throws(StateError) {
    var current = state.withLock { $0.stored }
    if current == nil { current = try await board.store.get(key.stateKey) }
    for _ in 0..<Self.attempts {
      let now = board.clock.now
      let stored = current.flatMap { BreakerSnapshot(bytes: $0.value) }
      let merged = snapshot.merged(with: stored ?? snapshot, now: now)
      if merged == stored || (current == nil && merged == BreakerSnapshot()) {
        return absorb(merged, current)
      }
      let result = try await board.store.compareAndSet(
        key.stateKey, revision: current?.revision ?? 0, to: merged.bytes, lifetime: Self.lifetime,
        announced: true)
      switch result {
      case .stored(let revision):
        return absorb(merged, StoredValue(revision: revision, value: merged.bytes))
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

  private func absorb(_ snapshot: BreakerSnapshot, _ stored: StoredValue?) {
    let now = board.clock.now
    let transitions = state.withLock { state in
      if stored?.revision ?? 0 >= state.stored?.revision ?? 0 { state.stored = stored }
      state.isShared = true
      return state.breaker.absorb(snapshot, now: now)
    }
    tell(transitions)
  }

  /// Moves the times of a state that was never shared, since they are of another clock.
  func rebase(by milliseconds: Int64) {
    state.withLock { state in
      guard !state.isShared else { return }
      state.breaker.rebase(by: milliseconds)
    }
  }

  // MARK: Counts

  /// Adds what was counted here to what all gateways count, and looks whether it is too much.
  func sendCounts() {
    guard board.store.isAvailable else { return }
    Task { await sendCountsNow() }
  }

  private func sendCountsNow() async {
    let now = board.clock.now
    let (unsent, settings) = state.withLock { state in
      defer {
        state.unsent = CallCounts()
        state.unsentEpoch = nil
        state.sentAt = now
      }
      return (state.unsentEpoch.map { ($0, state.unsent) }, state.breaker.settings)
    }
    guard let (epoch, counts) = unsent, counts.calls > 0 else { return }
    let length = max(1, settings.window.milliseconds / Int64(settings.windowBuckets))
    let adding = [counts.calls, counts.failures, counts.slow].map(Int64.init)
    // What cannot be added is lost for the others; here it counts all the same.
    guard
      let sums = try? await board.store.count(
        key.windowKey(epoch), bucket: now / length, window: Int64(settings.windowBuckets),
        adding: adding, lifetime: settings.window + .milliseconds(length)),
      sums.count == adding.count
    else { return }
    let total = CallCounts(
      calls: Int(clamping: sums[0]), failures: Int(clamping: sums[1]), slow: Int(clamping: sums[2]))
    change { breaker, now, generator in
      breaker.absorb(total, under: epoch, now: now, using: &generator)
    }
    state.withLock { $0.total = total }
  }
}
