internal import CLibuv

/// A detached operating-system thread.
enum LoopThread {
  private final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  /// Starts `body` on a thread of its own, and says which; nil if the system has none to give.
  static func start(_ body: @escaping @Sendable () -> Void) -> uv_thread_t? {
    var options = uv_thread_options_t()
    options.flags = UInt32(UV_THREAD_HAS_STACK_SIZE.rawValue)
    options.stack_size = 1 << 20
    var thread = uv_thread_t()
    // Retained here, released by the thread when it has taken the body over.
    let context = Unmanaged.passRetained(Body(body)).toOpaque()
    let status = uv_thread_create_ex(
      &thread, &options,
      { context in
        guard let context else { return }
        Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
      }, context)
    if status != 0 { Unmanaged<Body>.fromOpaque(context).release() }
    return status == 0 ? thread : nil
  }
}
