internal import CLibuv

/// Calls a closure on a loop whenever the process gets a signal. Loop-bound.
package final class SignalWatch {
  private var handle: UnsafeMutablePointer<uv_signal_t>?
  private let loop: EventLoop
  private let body: () -> Void

  /// Watches for `signal`, such as `SIGTERM`. Called on the loop.
  package init(_ loop: EventLoop, signal: Int32, _ body: @escaping () -> Void) {
    loop.preconditionOnLoop()
    self.loop = loop
    self.body = body
    let handle = UnsafeMutablePointer<uv_signal_t>.allocate(capacity: 1)
    self.handle = handle
    uv_signal_init(loop.handle, handle)
    // Retained until the handle has closed.
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    uv_signal_start(
      handle,
      { handle, _ in
        guard let context = handle?.pointee.data else { return }
        Unmanaged<SignalWatch>.fromOpaque(context).takeUnretainedValue().body()
      }, signal)
    loop.watches.add(self) { [unowned self] in close() }
  }

  /// Stops watching: the signal gets its default meaning back.
  package func close() {
    guard let handle else { return }
    self.handle = nil
    loop.watches.remove(self)
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      guard let handle else { return }
      if let context = handle.pointee.data { Unmanaged<SignalWatch>.fromOpaque(context).release() }
      UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_signal_t.self).deallocate()
    }
  }
}
