package import EventLoop
internal import Synchronization

/// Bounds how much is under way at one time, in units of the caller's choice; more waits in the order
/// of its coming, for a bounded time in a bounded queue. Shared by all loops.
package final class ConcurrencyLimit: Sendable {
  fileprivate struct Waiter {
    let ticket: Int
    let units: Int
    let wake: @Sendable () -> Void
  }

  fileprivate struct State {
    var free: Int
    var waiting: [Waiter] = []
    var nextTicket = 0
    var refusals = Refusals()
  }

  /// Callers that were turned away.
  package struct Refusals: Sendable, Hashable {
    /// Since as many as may wait were waiting.
    package var queueFull = 0
    /// Since no place came in time.
    package var timedOut = 0

    /// None, or as many as are named.
    package init(queueFull: Int = 0, timedOut: Int = 0) {
      self.queueFull = queueFull
      self.timedOut = timedOut
    }
  }

  /// Why there is no place.
  package enum Refusal: Error, Sendable, Hashable {
    /// As many as may wait are waiting.
    case queueFull
    /// No place came in time.
    case timedOut
    /// The calling task was cancelled.
    case cancelled
  }

  private let state: Mutex<State>
  private let capacity: Int
  private let queue: Int
  private let longestWait: Duration?

  /// - Parameters:
  ///   - capacity: units that may be under way, at least 1.
  ///   - queue: callers that may wait.
  ///   - longestWait: nil for as long as the caller lives.
  package init(capacity: Int, queue: Int, longestWait: Duration? = nil) {
    self.capacity = max(1, capacity)
    self.queue = queue
    self.longestWait = longestWait
    state = Mutex(State(free: max(1, capacity)))
  }

  /// Units under way, and callers that wait.
  package var load: (used: Int, waiting: Int) {
    state.withLock { (capacity - $0.free, $0.waiting.count) }
  }

  /// Takes a place if there is one that nobody waits for.
  /// - Returns: whether there was one; whoever got it gives it back by ``leave(units:)``.
  package func enterAtOnce(units: Int = 1) -> Bool {
    let units = bounded(units)
    return state.withLock { $0.takeFree(units) }
  }

  /// Callers that were turned away so far.
  package var refusals: Refusals { state.withLock { $0.refusals } }

  /// Waits for a place. Called on the loop; whoever gets one gives it back by ``leave(units:)``.
  /// - Parameters:
  ///   - units: 1 or more; what is more than everything counts as everything.
  ///   - patience: how long the caller can wait, where that is less than anyone may.
  package func enter(
    units: Int = 1, atMost patience: Duration? = nil, on loop: EventLoop
  ) async throws(Refusal) {
    let event = LoopEvent<Void>()
    let bound = LoopBound(event, on: loop)
    let wake: @Sendable () -> Void = { loop.submit { bound.value.fire(()) } }
    guard let ticket = try take(bounded(units), wake) else { return }
    var isLate = false
    let timer = [longestWait, patience].compactMap(\.self).min().map { limit in
      loop.schedule(after: limit) {
        isLate = true
        event.fire(())
      }
    }
    await event.wait(onCancel: loop) {}
    timer?.cancel()
    guard Task.isCancelled || isLate else { return }
    // Where the place has come meanwhile, it is passed on.
    if !giveUp(ticket) { leave(units: units) }
    if Task.isCancelled { throw .cancelled }
    state.withLock { $0.refusals.timedOut += 1 }
    throw .timedOut
  }

  /// Gives a place back: to the first that waits and fits.
  package func leave(units: Int = 1) {
    let units = bounded(units)
    wake(
      state.withLock { state in
        state.free += units
        return state.grant()
      })
  }

  private func wake(_ wakes: [@Sendable () -> Void]) {
    for wake in wakes { wake() }
  }

  private func bounded(_ units: Int) -> Int { min(max(1, units), capacity) }

  /// - Returns: nil where a place was free, else a ticket to wait with.
  private func take(
    _ units: Int, _ wake: @escaping @Sendable () -> Void
  ) throws(Refusal) -> Int? {
    let queue = queue
    let taken = state.withLock { state -> Int?? in
      if state.takeFree(units) { return .some(nil) }
      guard state.waiting.count < queue else {
        state.refusals.queueFull += 1
        return nil
      }
      state.nextTicket += 1
      state.waiting.append(Waiter(ticket: state.nextTicket, units: units, wake: wake))
      return state.nextTicket
    }
    guard let taken else { throw .queueFull }
    return taken
  }

  /// - Returns: whether the ticket was still waiting.
  private func giveUp(_ ticket: Int) -> Bool {
    let (wasWaiting, wakes) = state.withLock { state in
      let before = state.waiting.count
      state.waiting.removeAll { $0.ticket == ticket }
      // What was too much for the place that is left may have kept back what is not.
      return (state.waiting.count < before, state.grant())
    }
    wake(wakes)
    return wasWaiting
  }
}

extension ConcurrencyLimit.State {
  fileprivate mutating func takeFree(_ units: Int) -> Bool {
    guard waiting.isEmpty && free >= units else { return false }
    free -= units
    return true
  }

  /// Gives the places that are free to those that wait, in order: one that needs much is not passed
  /// by those that need little.
  /// - Returns: what tells them.
  fileprivate mutating func grant() -> [@Sendable () -> Void] {
    var wakes: [@Sendable () -> Void] = []
    while let first = waiting.first, first.units <= free {
      free -= first.units
      wakes.append(first.wake)
      waiting.removeFirst()
    }
    return wakes
  }
}
