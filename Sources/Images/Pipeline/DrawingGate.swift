internal import EventLoop
internal import Synchronization

/// Bounds how many requests are drawn at one time, and with them the memory that pictures take;
/// further ones wait in the order of their coming. Shared by all loops.
final class DrawingGate: Sendable {
  private struct State {
    var free: Int
    var waiting: [(ticket: Int, wake: @Sendable () -> Void)] = []
    var nextTicket = 0
  }

  private let state: Mutex<State>
  private let queue: Int

  init(capacity: Int, queue: Int) {
    state = Mutex(State(free: max(1, capacity)))
    self.queue = queue
  }

  /// Waits for a place.
  /// - Throws: `ImageFailure`: `overloaded` where too many wait, `cancelled` where the client left.
  func enter(on loop: EventLoop) async throws(ImageFailure) {
    let event = LoopEvent<Void>()
    let bound = LoopBound(event, on: loop)
    guard let ticket = try take({ loop.submit { bound.value.fire(()) } }) else { return }
    await event.wait(onCancel: loop) {}
    guard Task.isCancelled else { return }
    leave(ticket)
    throw ImageFailure(.cancelled, "the request was cancelled")
  }

  /// Gives a place back: to the first that waits.
  func leave() {
    let wake = state.withLock { state -> (@Sendable () -> Void)? in
      guard !state.waiting.isEmpty else {
        state.free += 1
        return nil
      }
      return state.waiting.removeFirst().wake
    }
    wake?()
  }

  /// - Returns: nil where a place was free, else a ticket to wait with.
  private func take(_ wake: @escaping @Sendable () -> Void) throws(ImageFailure) -> Int? {
    let queue = queue
    let taken = state.withLock { state -> Int?? in
      if state.free > 0 {
        state.free -= 1
        return .some(nil)
      }
      guard state.waiting.count < queue else { return nil }
      state.nextTicket += 1
      state.waiting.append((state.nextTicket, wake))
      return state.nextTicket
    }
    guard let taken else {
      throw ImageFailure(
        .overloaded, "Too many pictures are being drawn. Try again soon.", retryAfter: .seconds(5))
    }
    return taken
  }

  /// Leaves the queue, or, where the place came meanwhile, gives it on.
  private func leave(_ ticket: Int) {
    let wasWaiting = state.withLock { state in
      let before = state.waiting.count
      state.waiting.removeAll { $0.ticket == ticket }
      return state.waiting.count < before
    }
    if !wasWaiting { leave() }
  }
}
