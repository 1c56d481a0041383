internal import CLibuv

extension EventLoop {
  /// Runs blocking work (files, name look-ups, digests of large bodies) on libuv's thread pool and
  /// resumes the calling task on this loop.
  /// - Throws: what `body` throws.
  package func offload<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    preconditionOnLoop()
    let work = Work(body)
    let result = await withUnsafeContinuation {
      (continuation: UnsafeContinuation<Result<T, any Error>, Never>) in
      work.whenDone = { continuation.resume(returning: $0) }
      work.queue(on: self)
    }
    return try result.get()
  }
}

/// What a pool thread runs and what the loop does afterwards; libuv orders the two.
private class AnyWork {
  func run() {}
  func finish(_ status: CInt) {}

  func queue(on loop: EventLoop) {
    let request = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
    // Retained until the `after` callback, the last one that libuv makes for a request.
    request.pointee.data = Unmanaged.passRetained(self).toOpaque()
    let status = uv_queue_work(
      loop.handle, request,
      { request in
        guard let context = request?.pointee.data else { return }
        Unmanaged<AnyWork>.fromOpaque(context).takeUnretainedValue().run()
      },
      { request, status in
        guard let request, let context = request.pointee.data else { return }
        let work = Unmanaged<AnyWork>.fromOpaque(context).takeRetainedValue()
        request.deallocate()
        work.finish(status)
      })
    if status != 0 {
      Unmanaged.passUnretained(self).release()
      request.deallocate()
      finish(status)
    }
  }
}

private final class Work<T: Sendable>: AnyWork {
  private let body: @Sendable () throws -> T
  private var result: Result<T, any Error>?
  var whenDone: ((Result<T, any Error>) -> Void)?

  init(_ body: @escaping @Sendable () throws -> T) { self.body = body }

  override func run() { result = Result(catching: body) }

  override func finish(_ status: CInt) {
    whenDone?(result ?? .failure(SystemError(code: status)))
    whenDone = nil
  }
}
