internal import CLibuv

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

extension EventLoop {
  /// The addresses of a host name or literal, IPv6 and IPv4 in turn (RFC 8305, section 4), in the
  /// resolver's order of preference. The look-up blocks a pool thread, never the loop.
  /// - Parameter timeout: after which the name counts as one without an address; nil for the
  ///   resolver's own, which may be half a minute where no name server answers.
  /// - Throws: `SystemError` when the name has no address; "operation canceled" as soon as the task
  ///   is cancelled; "connection timed out" after `timeout`.
  package func resolve(
    host: String, port: Int, timeout: Duration? = nil
  ) async throws(SystemError) -> [SocketAddress] {
    preconditionOnLoop()
    if let literal = SocketAddress(ip: host, port: port) { return [literal] }
    let lookup = Lookup()
    lookup.start(host: host, port: port, on: self)
    let timer = timeout.map { schedule(after: $0) { lookup.giveUp(.timedOut) } }
    defer { timer?.cancel() }
    // Used on the loop alone: the cancellation handler submits to it.
    nonisolated(unsafe) let unsafeLookup = lookup
    let result = await withTaskCancellationHandler {
      await lookup.done.wait()
    } onCancel: {
      self.submit { unsafeLookup.giveUp(.cancelled) }
    }
    return try result.get()
  }
}

/// One `getaddrinfo`. Loop-bound.
private final class Lookup {
  let done = LoopEvent<Result<[SocketAddress], SystemError>>()
  private var isOver = false
  /// Until its callback.
  private var request: UnsafeMutablePointer<uv_getaddrinfo_t>?

  func start(host: String, port: Int, on loop: EventLoop) {
    let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
    // Retained until the callback, which comes exactly once after a successful start.
    request.pointee.data = Unmanaged.passRetained(self).toOpaque()
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    #if canImport(Glibc)
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
    hints.ai_socktype = SOCK_STREAM
    #endif
    let status = uv_getaddrinfo(
      loop.handle, request,
      { request, status, list in
        guard let request, let context = request.pointee.data else { return }
        let lookup = Unmanaged<Lookup>.fromOpaque(context).takeRetainedValue()
        lookup.request = nil
        let addresses = Lookup.addresses(in: list)
        uv_freeaddrinfo(list)
        request.deallocate()
        lookup.finish(
          status == 0 && !addresses.isEmpty
            ? .success(addresses)
            : .failure(SystemError(code: status == 0 ? UV_EAI_NONAME.rawValue : status)))
      }, host, String(port), &hints)
    if status == 0 {
      self.request = request
    } else {
      Unmanaged.passUnretained(self).release()
      request.deallocate()
      finish(.failure(SystemError(code: status)))
    }
  }

  /// Stops to wait. A look-up that no thread has begun is taken back; one that runs ends unheard.
  func giveUp(_ error: SystemError) {
    finish(.failure(error))
    guard let request else { return }
    uv_cancel(UnsafeMutableRawPointer(request).assumingMemoryBound(to: uv_req_t.self))
  }

  private func finish(_ result: Result<[SocketAddress], SystemError>) {
    guard !isOver else { return }
    isOver = true
    done.fire(result)
  }

  private static func addresses(in list: UnsafeMutablePointer<addrinfo>?) -> [SocketAddress] {
    var all: [SocketAddress] = []
    var entry = list
    while let current = entry {
      if let address = current.pointee.ai_addr { all.append(SocketAddress(address)) }
      entry = current.pointee.ai_next
    }
    guard let first = all.first else { return [] }
    let preferred = all.filter { $0.isIPv6 == first.isIPv6 }
    let other = all.filter { $0.isIPv6 != first.isIPv6 }
    var result: [SocketAddress] = []
    for index in 0..<max(preferred.count, other.count) {
      if index < preferred.count { result.append(preferred[index]) }
      if index < other.count { result.append(other[index]) }
    }
    return result
  }
}
