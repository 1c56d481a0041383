internal import CLibuv

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

extension EventLoop {
  /// Connects to a socket of this machine, by its path (unix(7)). The stream does not read yet and
  /// has no handler.
  /// - Throws: `SystemError` where there is no such socket, or nobody listens at it.
  package func connect(toUnixSocket path: String) throws(SystemError) -> TCPStream {
    preconditionOnLoop()
    guard !isClosing else { throw .cancelled }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw SystemError(code: UV_ENAMETOOLONG.rawValue)
    }
    // The rest of the path is zeros, and at least one of them is left.
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    #if canImport(Glibc)
    let descriptor = socket(
      AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    #else
    let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { throw SystemError(code: -errno) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    // A connection within the machine is made, or refused, at once.
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        #if canImport(Glibc)
        Glibc.connect(descriptor, $0, size)
        #else
        Darwin.connect(descriptor, $0, size)
        #endif
      }
    }
    guard status == 0 else {
      let error = SystemError(code: -errno)
      close(descriptor)
      throw error
    }
    let stream = try TCPStream(self)
    // libuv reads and writes any stream socket through this type of handle.
    let opened = stream.handle.map { uv_tcp_open($0, descriptor) } ?? UV_EBADF.rawValue
    guard opened == 0 else {
      stream.close()
      close(descriptor)
      throw SystemError(code: opened)
    }
    return stream
  }
}
