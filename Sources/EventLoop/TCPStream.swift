internal import CLibuv

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What a TCP stream tells its owner. Every call comes on the stream's loop, and none comes from
/// within a call that the owner makes.
package protocol TCPStreamHandler: AnyObject {
  /// Bytes have arrived. They are valid during the call only.
  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>)
  /// The peer will send no more. Writing may still work.
  func streamDidReadEOF(_ stream: TCPStream)
  /// Everything that had been queued is with the kernel.
  func streamDidDrain(_ stream: TCPStream)
  /// The deadline set by `setDeadline` has passed.
  func streamDidTimeOut(_ stream: TCPStream)
  /// The last call: the stream is closed, by its owner (no error) or by a failure.
  func stream(_ stream: TCPStream, didCloseWith error: StreamError?)
}

/// Why a stream was closed.
package enum StreamError: Error, Sendable, Hashable, CustomStringConvertible {
  case system(SystemError)
  case tls(String)

  /// One sentence for a log or an error.
  package var description: String {
    switch self {
    case .system(let error): "\(error)"
    case .tls(let message): message
    }
  }
}

/// A connected TCP socket, with TLS where asked for. Loop-bound.
///
/// Back-pressure: `write` never blocks and never fails visibly; the owner looks at `pendingBytes`,
/// and stops producing until `streamDidDrain`. `pauseReading` lets the peer feel a slow consumer.
package final class TCPStream {
  /// The loop that owns this stream.
  package let loop: EventLoop
  /// Who is told. Not retained beyond the stream's close.
  package var handler: (any TCPStreamHandler)?

  var handle: UnsafeMutablePointer<uv_tcp_t>?
  var tls: TLSSession?
  var registryIndex = -1
  /// Bytes that were written and that the kernel has not taken yet.
  package internal(set) var pendingBytes = 0
  /// Whether the connection ended below TLS without TLS's own farewell: what came before may have
  /// been cut by an attacker, so an answer that has no length of its own is not to be trusted.
  package private(set) var isTruncated = false
  var failure: StreamError?
  var isClosing = false
  var closesWhenDrained = false
  private var isReading = false
  private var deadline: UInt64 = 0

  init(_ loop: EventLoop) throws(SystemError) {
    guard !loop.isClosing else { throw .cancelled }
    self.loop = loop
    let handle = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
    let status = uv_tcp_init(loop.handle, handle)
    guard status == 0 else {
      handle.deallocate()
      throw SystemError(code: status)
    }
    self.handle = handle
    // Retained until the close callback, the last one that libuv makes for a handle.
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    loop.streams.add(self, on: loop)
  }

  // The pointer was set by `init` and is retained until the handle has closed.
  static func from(_ context: UnsafeMutableRawPointer?) -> TCPStream? {
    context.map { Unmanaged<TCPStream>.fromOpaque($0).takeUnretainedValue() }
  }

  /// libuv's handles are C structures that begin with the fields of their base.
  var base: UnsafeMutablePointer<uv_stream_t>? {
    handle.map { UnsafeMutableRawPointer($0).assumingMemoryBound(to: uv_stream_t.self) }
  }

  func disableNagle() {
    if let handle { uv_tcp_nodelay(handle, 1) }
  }

  /// Lets the kernel hold at most this many bytes that it has not sent, so that a slow reader is
  /// felt soon and costs little kernel memory (tcp(7), TCP_NOTSENT_LOWAT).
  func boundUnsentBytes(_ count: CInt) {
    var descriptor = uv_os_fd_t()
    guard let handle, uv_fileno(Self.closable(handle), &descriptor) == 0 else { return }
    var count = count
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, &count,
      socklen_t(MemoryLayout<CInt>.size))
  }

  /// The peer's address, if the socket is connected.
  package var remoteAddress: SocketAddress? { address(of: uv_tcp_getpeername) }
  /// This side's address.
  package var localAddress: SocketAddress? { address(of: uv_tcp_getsockname) }

  // MARK: Reading

  /// Starts (or resumes) the delivery of bytes.
  package func resumeReading() {
    guard !isReading, !isClosing, let base else { return }
    isReading = true
    let status = uv_read_start(
      base,
      { handle, _, buffer in
        guard let loop = TCPStream.from(handle?.pointee.data)?.loop else { return }
        // One buffer for all streams: its contents are consumed within the read callback.
        buffer?.pointee = uv_buf_init(
          loop.readBuffer.baseAddress?.assumingMemoryBound(to: CChar.self),
          UInt32(loop.readBuffer.count))
      },
      { handle, count, _ in TCPStream.from(handle?.pointee.data)?.didRead(count) })
    if status != 0 { fail(.system(SystemError(code: status))) }
  }

  /// Stops the delivery of bytes: the peer's window closes.
  package func pauseReading() {
    guard isReading, let base else { return }
    isReading = false
    uv_read_stop(base)
  }

  private func didRead(_ count: Int) {
    guard !isClosing else { return }
    if count > 0 {
      // libuv has just written `count` bytes at the start of the loop's buffer.
      let bytes = UnsafeBufferPointer(
        start: loop.readBuffer.baseAddress?.assumingMemoryBound(to: UInt8.self), count: count)
      if let tls {
        tls.receive(bytes, for: self)
      } else {
        handler?.stream(self, didRead: Span(_unsafeElements: bytes))
      }
    } else if count == Int(UV_EOF.rawValue) {
      isReading = false
      if let tls {
        if tls.receiveEOF() { return }
        isTruncated = true
      }
      handler?.streamDidReadEOF(self)
    } else if count < 0 {
      isReading = false
      fail(.system(SystemError(code: Int32(count))))
    }
  }

  /// Bytes in user space that the kernel has not taken, as of now (`pendingBytes` is coarser: it
  /// counts a queued piece until the whole of it is gone).
  package var queuedBytes: Int { base.map { uv_stream_get_write_queue_size($0) } ?? 0 }

  /// Whether the kernel holds something that was not read yet: bytes, the peer's end, or an error.
  package var hasArrivals: Bool {
    var descriptor = uv_os_fd_t()
    guard !isClosing, let handle, uv_fileno(Self.closable(handle), &descriptor) == 0 else {
      return true
    }
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) > 0
  }

  // MARK: Deadline

  /// Asks for `streamDidTimeOut` after a time, to be noticed within 100 ms; nil takes it back.
  /// Setting it costs one store.
  package func setDeadline(_ after: Duration?) {
    deadline = after.map { loop.now &+ max(1, $0.milliseconds) } ?? 0
  }

  func checkDeadline(now: UInt64) {
    guard deadline != 0, deadline <= now, !isClosing else { return }
    deadline = 0
    handler?.streamDidTimeOut(self)
  }

  // MARK: Closing

  /// Whether `close` was called or the stream has failed.
  package var isClosed: Bool { isClosing }

  /// Closes at once. What was not yet with the kernel is dropped.
  package func close() {
    guard !isClosing, let handle else { return }
    tls?.sendCloseNotify(on: self)
    guard !isClosing else { return }
    isClosing = true
    loop.streams.remove(self)
    uv_close(Self.closable(handle), Self.didClose)
  }

  /// Closes so that the peer sees a reset, as after a crash.
  package func reset() {
    guard !isClosing, let handle else { return }
    isClosing = true
    loop.streams.remove(self)
    if uv_tcp_close_reset(handle, Self.didClose) != 0 {
      uv_close(Self.closable(handle), Self.didClose)
    }
  }

  /// Closes as soon as everything written is with the kernel.
  package func closeWhenDrained() {
    guard !isClosing else { return }
    if pendingBytes == 0 { close() } else { closesWhenDrained = true }
  }

  /// Tells the peer, after everything written, that no more will come, and goes on reading.
  package func shutdownWriting() {
    guard !isClosing, let base else { return }
    tls?.sendCloseNotify(on: self)
    let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
    if uv_shutdown(request, base, { request, _ in request?.deallocate() }) != 0 {
      request.deallocate()
    }
  }

  func fail(_ error: StreamError) {
    guard !isClosing else { return }
    failure = error
    close()
  }

  private static func closable(
    _ handle: UnsafeMutablePointer<uv_tcp_t>
  ) -> UnsafeMutablePointer<uv_handle_t> {
    UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
  }

  private static let didClose: uv_close_cb = { handle in
    guard let context = handle?.pointee.data else { return }
    let stream = Unmanaged<TCPStream>.fromOpaque(context).takeRetainedValue()
    stream.handle?.deallocate()
    stream.handle = nil
    stream.tls = nil
    let handler = stream.handler
    stream.handler = nil
    handler?.stream(stream, didCloseWith: stream.failure)
  }

  private func address(
    of name: (
      UnsafePointer<uv_tcp_t>?, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<CInt>?
    )
      -> CInt
  ) -> SocketAddress? {
    guard let handle else { return nil }
    var storage = sockaddr_storage()
    var length = CInt(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        name(handle, pointer, &length) == 0 ? SocketAddress(pointer) : nil
      }
    }
  }
}
