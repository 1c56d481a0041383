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
    let settings = state.withLock { $0.breaker.settings }
    let taken: (epoch: Epoch, counts: CallCounts)? = state.withLock { state in
      let taken = state.unsent.take(within: state.breaker.counts(now: now))
      guard taken != nil || evenIfNone else { return nil }
      state.sentAt = now
      state.isTotalDoubtful = false
      return taken ?? (state.breaker.snapshot.epoch, CallCounts())
    }
    guard let (epoch, counts) = taken else { return }
    let length = max(1, settings.window.milliseconds / Int64(settings.windowBuckets))
    do throws(StateError) {
      let sums = try await board.store.count(
        key.windowKey(epoch), bucket: now / length, window: Int64(settings.windowBuckets),
        adding: [counts.calls, counts.failures, counts.slow].map(Int64.init),
        lifetime: settings.window + .milliseconds(length))
      board.noteWriting(key, nil)
      guard sums.count == 3 else { return }
      let total = CallCounts(
        calls: Int(clamping: sums[0]), failures: Int(clamping: sums[1]),
        slow: Int(clamping: sums[2]))
      change { breaker, now, generator in
        breaker.absorb(total, under: epoch, now: now, using: &generator)
      }
      state.withLock { state in
        // Of two answers that overtook each other the one that knows more: within a part of the
        // window nothing is forgotten.
        if let known = state.total, known.epoch == epoch, now - known.at < length,
          known.counts.calls > total.calls
        {
          return
        }
        state.total = CountedTotal(counts: total, epoch: epoch, at: now)
      }
    } catch {
      board.noteWriting(key, error)
      state.withLock { state in
        // Where nothing was done it can be done again. Otherwise it may have been added, and what
        // was added twice would open the breaker too early: then the others may miss it.
        if [.unavailable, .refused].contains(error.kind) {
          state.unsent.putBack(counts, under: epoch)
        }
        state.isTotalDoubtful = true
      }
    }
  }
}
