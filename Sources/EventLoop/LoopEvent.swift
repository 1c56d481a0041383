/// A rendezvous of two parts of one loop: one task waits, a callback fires. Loop-bound.
///
/// A signal that is fired before anyone waits is kept for the next wait. Not generic, since every
/// request waits for several: `LoopEvent` carries a value as well.
package final class LoopSignal {
  private var continuation: UnsafeContinuation<Void, Never>?
  private var isFired = false
  /// Set before the continuation is there: on the way to it the runtime may let other jobs run.
  private var isWaiting = false

  /// A signal that nobody has fired.
  package init() {}

  /// Whether a task is suspended in `wait`.
  package var isAwaited: Bool { isWaiting }

  /// Suspends until `fire`. At most one task may wait.
  package func wait() async {
    if take() { return }
    precondition(!isWaiting, "a signal has one waiter")
    isWaiting = true
    // Resumed exactly once: here, or by `fire`, which clears the continuation before it resumes it.
    await withUnsafeContinuation { continuation in
      if take() {
        isWaiting = false
        continuation.resume()
      } else {
        self.continuation = continuation
      }
    }
  }

  /// Wakes the waiting task, or the next one.
  package func fire() {
    guard let continuation else {
      isFired = true
      return
    }
    self.continuation = nil
    isWaiting = false
    continuation.resume()
  }

  /// Forgets that it was fired where nobody has waited for it.
  package func reset() { isFired = false }

  private func take() -> Bool {
    defer { isFired = false }
    return isFired
  }
}

/// A signal with a value; a second one replaces what was not awaited. Loop-bound.
package final class LoopEvent<Value: Sendable> {
  private let signal = LoopSignal()
  private var value: Value?

  /// An event that nobody has fired.
  package init() {}

  /// Whether a task is suspended in `wait`.
  package var isAwaited: Bool { signal.isAwaited }

  /// Suspends until `fire`. At most one task may wait.
  package func wait() async -> Value {
    while true {
      await signal.wait()
      if let value {
        self.value = nil
        return value
      }
    }
  }

  /// Wakes the waiting task, or keeps the value for the next one.
  package func fire(_ value: Value) {
    self.value = value
    signal.fire()
  }

  /// Forgets a value that was fired and not awaited.
  package func reset() {
    value = nil
    signal.reset()
  }
}

extension LoopEvent where Value == Void {
  /// Like `wait()`, and returns as well when the task is cancelled, after `cleanUp` has run on the
  /// loop.
  package func wait(onCancel loop: EventLoop, _ cleanUp: @escaping () -> Void) async {
    // Both are used on the loop alone: the handler submits to it.
    nonisolated(unsafe) let event = self
    nonisolated(unsafe) let cleanUp = cleanUp
    await withTaskCancellationHandler {
      await event.wait()
    } onCancel: {
      loop.submit {
        cleanUp()
        event.fire(())
      }
    }
  }
}

extension EventLoop {
  /// Runs `body`; when the calling task is cancelled meanwhile, calls `cancel` on the loop, at most
  /// once and never after `body` has ended.
  package func withCancellation<R>(
    _ cancel: @escaping () -> Void, _ body: () async throws -> R
  ) async throws -> R {
    preconditionOnLoop()
    let hook = CancellationHook(cancel)
    defer { hook.disarm() }
    // Used on the loop alone: the cancellation handler submits to it.
    nonisolated(unsafe) let unsafeHook = hook
    return try await withTaskCancellationHandler {
      try await body()
    } onCancel: {
      self.submit { unsafeHook.fire() }
    }
  }
}

extension EventLoop {
  /// Runs `body` to its end, also when the calling task is cancelled meanwhile. Called on the loop.
  package func shielded<T: Sendable>(_ body: @escaping () async -> T) async -> T {
    let end = LoopEvent<T>()
    spawn { end.fire(await body()) }
    return await end.wait()
  }
}

private final class CancellationHook {
  private var action: (() -> Void)?
  init(_ action: @escaping () -> Void) { self.action = action }
  func disarm() { action = nil }
  func fire() {
    let action = action
    self.action = nil
    action?()
  }
}
