internal import CLibuv

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A listening socket of one loop. Loop-bound. Loops that listen at one port share it with
/// SO_REUSEPORT, so that the kernel spreads the connections.
package final class TCPListener {
  /// The address that it listens at, with the port that the system chose for port 0.
  package let address: SocketAddress
  private let loop: EventLoop
  private var handle: UnsafeMutablePointer<uv_tcp_t>?
  private let accepted: (TCPStream) -> Void

  /// Starts to listen. Called on the loop.
  /// - Parameter accept: gets every new connection; it sets a handler and starts to read.
  /// - Throws: `SystemError`, such as an address in use.
  package init(
    _ loop: EventLoop, at address: SocketAddress, backlog: Int = 4096,
    accept: @escaping (TCPStream) -> Void
  ) throws(SystemError) {
    loop.preconditionOnLoop()
    self.loop = loop
    accepted = accept
    let handle = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
    var status = uv_tcp_init_ex(loop.handle, handle, UInt32(address.family))
    guard status == 0 else {
      handle.deallocate()
      throw SystemError(code: status)
    }
    let base = UnsafeMutableRawPointer(handle)
    status = Self.sharePort(base.assumingMemoryBound(to: uv_handle_t.self))
    if status == 0 { status = address.withPointer { uv_tcp_bind(handle, $0, 0) } }
    var storage = sockaddr_storage()
    var length = CInt(MemoryLayout<sockaddr_storage>.size)
    let bound = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        uv_tcp_getsockname(handle, pointer, &length) == 0 ? SocketAddress(pointer) : address
      }
    }
    self.address = bound
    self.handle = handle
    if status == 0 {
      // Retained until the handle has closed.
      handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
      status = uv_listen(
        base.assumingMemoryBound(to: uv_stream_t.self), CInt(clamping: backlog)
      ) { server, status in
        guard let context = server?.pointee.data else { return }
        Unmanaged<TCPListener>.fromOpaque(context).takeUnretainedValue().didConnect(status)
      }
      if status == 0 {
        loop.watches.add(self) { [unowned self] in close() }
        return
      }
      close()
    } else {
      self.handle = nil
      uv_close(base.assumingMemoryBound(to: uv_handle_t.self)) { $0?.deallocateTCP() }
    }
    throw SystemError(code: status)
  }

  /// Finds out whether another process listens at an address. Sharing a port among the loops of one
  /// process would let a second process share it too, and take half of the connections unnoticed.
  /// - Throws: `SystemError` where the address is taken, or cannot be had.
  package static func requireFree(_ address: SocketAddress) throws(SystemError) {
    let descriptor = socket(Int32(address.family), Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError(code: -errno) }
    defer { _ = systemClose(descriptor) }
    var on: CInt = 1
    let size = socklen_t(MemoryLayout<CInt>.size)
    // So that connections of a process that has just ended do not count.
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
    if address.family == AF_INET6 {
      setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, size)
    }
    let status = address.withPointer { pointer in
      bind(
        descriptor, pointer,
        socklen_t(
          address.family == AF_INET6
            ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size))
    }
    guard status == 0 else { throw SystemError(code: -errno) }
  }

  private static func sharePort(_ handle: UnsafeMutablePointer<uv_handle_t>) -> CInt {
    var descriptor = uv_os_fd_t()
    let status = uv_fileno(handle, &descriptor)
    guard status == 0 else { return status }
    var on: CInt = 1
    let size = socklen_t(MemoryLayout<CInt>.size)
    guard setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, size) == 0 else { return -errno }
    return 0
  }

  private func didConnect(_ status: CInt) {
    guard status == 0, let handle, let stream = try? TCPStream(loop), let client = stream.base
    else { return }
    let server = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
    guard uv_accept(server, client) == 0 else { return stream.close() }
    stream.disableNagle()
    stream.boundUnsentBytes(128 * 1024)
    accepted(stream)
  }

  /// Stops to listen. Connections that were accepted stay.
  package func close() {
    guard let handle else { return }
    self.handle = nil
    loop.watches.remove(self)
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      guard let handle else { return }
      if let context = handle.pointee.data { Unmanaged<TCPListener>.fromOpaque(context).release() }
      handle.deallocateTCP()
    }
  }
}

extension UnsafeMutablePointer where Pointee == uv_handle_t {
  /// Frees a handle that was allocated as `uv_tcp_t`.
  fileprivate func deallocateTCP() {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_tcp_t.self).deallocate()
  }
}

#if canImport(Glibc)
private func systemClose(_ descriptor: CInt) -> CInt { Glibc.close(descriptor) }
#elseif canImport(Darwin)
private func systemClose(_ descriptor: CInt) -> CInt { Darwin.close(descriptor) }
#endif
