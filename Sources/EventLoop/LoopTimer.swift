internal import CLibuv

/// A timer of an event loop, once or repeating. Loop-bound.
package final class LoopTimer {
  private var handle: UnsafeMutablePointer<uv_timer_t>?
  private var body: (() -> Void)?
  private let repeats: Bool

  init(_ loop: EventLoop, after: Duration, repeating: Duration?, _ body: @escaping () -> Void) {
    self.body = body
    repeats = repeating != nil
    let handle = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
    self.handle = handle
    uv_timer_init(loop.handle, handle)
    // Retained until the handle's close callback, so that libuv never calls into freed memory.
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    uv_update_time(loop.handle)
    uv_timer_start(
      handle, { LoopTimer.from($0)?.fire() }, after.milliseconds, repeating?.milliseconds ?? 0)
  }

  /// Stops the timer; its body is not called again. Harmless when it has already fired.
  package func cancel() {
    body = nil
    guard let handle else { return }
    self.handle = nil
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      guard let handle else { return }
      let timer = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_timer_t.self)
      if let context = timer.pointee.data {
        Unmanaged<LoopTimer>.fromOpaque(context).release()
      }
      timer.deallocate()
    }
  }

  private func fire() {
    let body = body
    if !repeats { cancel() }
    body?()
  }

  // The pointer was set by `init` and is retained until the handle has closed.
  private static func from(_ handle: UnsafeMutablePointer<uv_timer_t>?) -> LoopTimer? {
    handle?.pointee.data.map { Unmanaged<LoopTimer>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Cancels every timer of the loop, so that its thread can end.
  static func closeAll(on loop: EventLoop) {
    uv_walk(
      loop.handle,
      { handle, _ in
        guard let handle, uv_handle_get_type(handle) == UV_TIMER, uv_is_closing(handle) == 0
        else { return }
        let timer = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_timer_t.self)
        LoopTimer.from(timer)?.expire()
      }, nil)
  }

  /// Fires a last time if it was to fire once, so that whoever sleeps on it wakes up.
  private func expire() {
    if repeats { cancel() } else { fire() }
  }
}

extension EventLoop {
  /// Calls `body` on the loop after a time, once or repeatedly, until it is cancelled.
  /// Called on the loop. Resolution: one millisecond.
  package func schedule(
    after: Duration, repeating: Duration? = nil, _ body: @escaping () -> Void
  ) -> LoopTimer {
    preconditionOnLoop()
    return LoopTimer(self, after: after, repeating: repeating, body)
  }

  /// Suspends the calling task, which runs on this loop.
  /// - Throws: `CancellationError` as soon as the task is cancelled.
  package func sleep(for duration: Duration) async throws {
    preconditionOnLoop()
    let event = LoopEvent<Void>()
    let timer = schedule(after: duration) { event.fire(()) }
    await event.wait(onCancel: self) { timer.cancel() }
    timer.cancel()
    try Task.checkCancellation()
  }
}

extension Duration {
  /// Whole milliseconds, rounded up, never below 0.
  package var milliseconds: UInt64 {
    guard self > .zero else { return 0 }
    return UInt64(clamping: (attoseconds - 1) / 1_000_000_000_000_000 + 1)
  }
}
