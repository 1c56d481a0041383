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
      let settings = state.breaker.settings
      let number = settings.part(at: now)
      var taken = state.unsent.take(after: number - Int64(settings.windowBuckets))
      guard !taken.isEmpty || evenIfNone else { return [] }
      state.sentAt = now
      state.isTotalDoubtful = false
      // What all have counted by now is asked for with the present part.
      let current = state.breaker.snapshot.epoch
      let ofCurrent = taken.last { $0.epoch == current }
      if ofCurrent.map({ $0.number < number }) ?? evenIfNone {
        taken.append(UnsentCounts.Part(epoch: current, number: number, counts: CallCounts()))
      }
      return taken
    }
    var isMissing = false
    for part in parts where await send(part, now) { isMissing = true }
    // Once: a store that forgets again is found out by the next ones.
    if isMissing { await sendCountsNow(evenIfNone: false) }
  }

  /// Adds what was counted in one state, in one part of the window.
  /// - Returns: whether it turned out that earlier counts are lost, which are unsent again.
  private func send(_ part: UnsentCounts.Part, _ now: Int64) async -> Bool {
    let (settings, sending) = state.withLock { state in
      state.sendings.begin()
      return (state.breaker.settings, state.sendings)
    }
    defer { state.withLock { $0.sendings.end() } }
    let (counts, window) = (part.counts, Int64(settings.windowBuckets))
    do throws(StateError) {
      let sums = try await board.store.count(
        key.windowKey(part.epoch), bucket: part.number, window: window,
        adding: [counts.calls, counts.failures, counts.slow].map(Int64.init),
        lifetime: settings.window + .milliseconds(settings.partLength))
      board.noteWriting(key, nil)
      guard sums.count == 3 else { return false }
      let total = CallCounts(
        calls: Int(clamping: sums[0]), failures: Int(clamping: sums[1]),
        slow: Int(clamping: sums[2]))
      change { breaker, now, generator in
        breaker.absorb(total, under: part.epoch, now: now, using: &generator)
      }
      return state.withLock { state in
        let present = settings.part(at: now)
        // The sum of a window that ends earlier is not the present one.
        if part.number == present {
          state.note(total, under: part.epoch, at: now, within: settings.partLength)
        }
        guard part.epoch == state.breaker.snapshot.epoch else { return false }
        let gone = present - window
        state.sent.add(part, after: gone)
        guard part.number == present else { return false }
        // One that another sending has overtaken says nothing of what is there.
        guard sending.isAlone, state.sendings == sending else { return false }
        let missing = state.sent.takeMissing(in: total, last: part, after: gone)
        for lost in missing { state.unsent.add(lost, current: part.epoch) }
        return !missing.isEmpty
      }
    } catch {
      board.noteWriting(key, error)
      state.withLock { state in
        // Where nothing was done it can be done again. Otherwise it may have been added, and what
        // was added twice would open the breaker too early: then the others may miss it.
        if [.unavailable, .refused].contains(error.kind) {
          state.unsent.add(part, current: state.breaker.snapshot.epoch)
        }
        state.isTotalDoubtful = true
      }
      return false
    }
  }
}

extension BreakerSettings {
  /// How long a part of the window is, in milliseconds.
  var partLength: Int64 { max(1, window.milliseconds / Int64(windowBuckets)) }

  /// The number of the part of the window that a time is in.
  func part(at time: Int64) -> Int64 { time / partLength }
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
