internal import State
internal import Synchronization

/// What all gateways count together, in a window of the store for each state of the breaker.
extension SharedBreaker {
  /// Adds what was counted here to what all gateways count, and looks whether it is too much.
  func sendCounts() {
    // What is not sent now is sent once the store is back.
    guard board.store.isAvailable else { return }
    Task { await sendCountsNow(evenIfNone: false) }
  }

  /// Whether it is not known what all have counted, or they do not know what was counted here: at
  /// the start, and after a store that was away, or has not answered.
  var mustAskForCounts: Bool {
    state.withLock { state in
      state.isTotalDoubtful && state.breaker.settings.countsTogether
        && state.breaker.snapshot.core.phase == .closed
    }
  }

  /// Has the counts compared, too, when the breaker is compared with the store the next time.
  func doubtTotal() { state.withLock { $0.isTotalDoubtful = true } }

  /// Like ``sendCounts()``, and returns when it is done.
  /// - Parameter evenIfNone: whether it asks where there is nothing to add. Where an earlier sending
  ///   took along what this one was for, its answer must stand: the breaker may have opened since,
  ///   and in the state that is new nothing is counted.
  func sendCountsNow(evenIfNone: Bool = true) async {
    let now = board.clock.now
    let parts: [UnsentCounts.Part] = state.withLock { state in
      let current = state.breaker.snapshot.epoch
      let taken = state.unsent.take(within: state.breaker.counts(now: now), current: current)
      guard !taken.isEmpty || evenIfNone else { return [] }
      state.sentAt = now
      state.isTotalDoubtful = false
      return taken.isEmpty ? [UnsentCounts.Part(epoch: current, counts: CallCounts())] : taken
    }
    var isMissing = false
    for part in parts where await send(part, now) { isMissing = true }
    // Once: a store that forgets again is found out by the next ones.
    if isMissing { await sendCountsNow(evenIfNone: false) }
  }

  /// Adds what was counted in one state.
  /// - Returns: whether it turned out that earlier counts are lost, which are unsent again.
  private func send(_ part: UnsentCounts.Part, _ now: Int64) async -> Bool {
    let (settings, sending) = state.withLock { state in
      state.sendings.begin()
      return (state.breaker.settings, state.sendings)
    }
    defer { state.withLock { $0.sendings.end() } }
    let counts = part.counts
    let length = max(1, settings.window.milliseconds / Int64(settings.windowBuckets))
    let (bucket, window) = (now / length, Int64(settings.windowBuckets))
    do throws(StateError) {
      let sums = try await board.store.count(
        key.windowKey(part.epoch), bucket: bucket, window: window,
        adding: [counts.calls, counts.failures, counts.slow].map(Int64.init),
        lifetime: settings.window + .milliseconds(length))
      board.noteWriting(key, nil)
      guard sums.count == 3 else { return false }
      let total = CallCounts(
        calls: Int(clamping: sums[0]), failures: Int(clamping: sums[1]),
        slow: Int(clamping: sums[2]))
      change { breaker, now, generator in
        breaker.absorb(total, under: part.epoch, now: now, using: &generator)
      }
      return state.withLock { state in
        state.note(total, under: part.epoch, at: now, within: length)
        guard part.epoch == state.breaker.snapshot.epoch else { return false }
        state.sent.add(counts, under: part.epoch, in: bucket, of: window)
        // A sum that another sending has overtaken says nothing of what is there.
        guard sending.isAlone, state.sendings == sending,
          let missing = state.sent.takeMissing(
            in: total, after: counts, under: part.epoch, in: bucket, of: window)
        else { return false }
        state.unsent.putBack(
          UnsentCounts.Part(epoch: part.epoch, counts: missing), current: part.epoch)
        return true
      }
    } catch {
      board.noteWriting(key, error)
      state.withLock { state in
        // Where nothing was done it can be done again. Otherwise it may have been added, and what
        // was added twice would open the breaker too early: then the others may miss it.
        if [.unavailable, .refused].contains(error.kind) {
          state.unsent.putBack(part, current: state.breaker.snapshot.epoch)
        }
        state.isTotalDoubtful = true
      }
      return false
    }
  }
}

extension SharedBreaker.State {
  /// Notes a sum. Of two answers that overtook each other the one that knows more stands: within a
  /// part of the window nothing is forgotten.
  fileprivate mutating func note(
    _ counts: CallCounts, under epoch: Epoch, at now: Int64, within length: Int64
  ) {
    if let known = total, known.epoch == epoch, now - known.at < length,
      known.counts.calls > counts.calls
    {
      return
    }
    total = CountedTotal(counts: counts, epoch: epoch, at: now)
  }
}

/// Requests for sums that are under way.
struct Sendings: Sendable, Hashable {
  private var underWay = 0
  private var begun = 0

  /// Whether one alone is under way. While this stays the same, no other has begun or ended.
  var isAlone: Bool { underWay == 1 }

  mutating func begin() {
    underWay += 1
    begun += 1
  }

  mutating func end() { underWay -= 1 }
}
