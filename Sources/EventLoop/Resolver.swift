internal import CLibuv

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

extension EventLoop {
  /// The addresses of a host name or literal, IPv6 and IPv4 in turn (RFC 8305, section 4), in the
  /// resolver's order of preference. The look-up blocks a pool thread, never the loop.
  /// - Throws: `SystemError` when the name has no address.
  package func resolve(host: String, port: Int) async throws(SystemError) -> [SocketAddress] {
    preconditionOnLoop()
    if let literal = SocketAddress(ip: host, port: port) { return [literal] }
    let lookup = Lookup()
    let result = await withUnsafeContinuation {
      (continuation: UnsafeContinuation<Result<[SocketAddress], SystemError>, Never>) in
      lookup.start(host: host, port: port, on: self) { continuation.resume(returning: $0) }
    }
    return try result.get()
  }
}

/// One `getaddrinfo`.
private final class Lookup {
  private var whenDone: ((Result<[SocketAddress], SystemError>) -> Void)?

  func start(
    host: String, port: Int, on loop: EventLoop,
    whenDone: @escaping (Result<[SocketAddress], SystemError>) -> Void
  ) {
    self.whenDone = whenDone
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
        let addresses = Lookup.addresses(in: list)
        uv_freeaddrinfo(list)
        request.deallocate()
        lookup.finish(
          status == 0 && !addresses.isEmpty
            ? .success(addresses)
            : .failure(SystemError(code: status == 0 ? UV_EAI_NONAME.rawValue : status)))
      }, host, String(port), &hints)
    if status != 0 {
      Unmanaged.passUnretained(self).release()
      request.deallocate()
      finish(.failure(SystemError(code: status)))
    }
  }

  private func finish(_ result: Result<[SocketAddress], SystemError>) {
    let whenDone = whenDone
    self.whenDone = nil
    whenDone?(result)
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
