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

  /// Whether what others count matters in the present state.
  var isCountedTogether: Bool {
    state.withLock { state in
      state.breaker.settings.countsTogether && state.breaker.snapshot.core.phase == .closed
    }
  }

  /// Like ``sendCounts()``, and returns when it is done.
  /// - Parameter evenIfNone: whether it asks where there is nothing to add. Where an earlier sending
  ///   took along what this one was for, its answer must stand: the breaker may have opened since,
  ///   and in the state that is new nothing is counted.
  func sendCountsNow(evenIfNone: Bool = true) async {
    let now = clock.now
    let (tellings, window) = state.withLock { state in
      let window = state.breaker.settings.countedWindow(at: now)
      let current = state.breaker.snapshot.epoch
      let tellings = state.own.tellings(
        within: window.numbers, current: current, evenIfNone: evenIfNone)
      if !tellings.isEmpty { state.sentAt = now }
      return (tellings, window)
    }
    for telling in tellings { await send(telling, over: window, now) }
  }

  /// Tells what was counted in one state.
  private func send(
    _ telling: OwnCounts.Telling, over window: CountedWindow, _ now: Int64
  ) async {
    let (settings, member) = state.withLock { ($0.breaker.settings, $0.member) }
    do throws(StateError) {
      let sums = try await board.store.count(
        key.windowKey(telling.epoch, partLength: settings.partLength), by: member,
        telling.parts.mapValues { [$0.calls, $0.failures, $0.slow].map(Int64.init) }, over: window,
        lifetime: settings.window + .milliseconds(settings.partLength))
      board.noteWriting(key, nil)
      guard sums.count == window.counters else { return }
      let total = CallCounts(
        calls: Int(clamping: sums[0]), failures: Int(clamping: sums[1]),
        slow: Int(clamping: sums[2]))
      change { breaker, now, generator in
        breaker.absorb(total, under: telling.epoch, now: now, using: &generator)
      }
      state.withLock { state in
        state.own.note(telling)
        state.note(total, under: telling.epoch, at: now, within: settings.partLength)
      }
    } catch {
      board.noteWriting(key, error)
    }
  }
}

extension BreakerSettings {
  /// How long a part of the window is, in milliseconds.
  var partLength: Int64 { max(1, window.milliseconds / Int64(windowBuckets)) }

  /// The number of the part of the window that a time is in.
  func part(at time: Int64) -> Int64 { max(0, time) / partLength }

  /// What is counted together at a time: calls, failures and slow ones.
  func countedWindow(at time: Int64) -> CountedWindow {
    CountedWindow(newest: part(at: time), parts: Int64(windowBuckets), counters: 3)
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
