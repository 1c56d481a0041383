internal import CLibuv

extension TCPStream {
  /// Sends bytes, or queues a copy of what the kernel does not take at once.
  package func write(_ bytes: Span<UInt8>) {
    guard !isClosing, !bytes.isEmpty else { return }
    bytes.withUnsafeBufferPointer { bytes in
      if let tls { tls.send(bytes, on: self) } else { writeRaw(bytes) }
    }
  }

  /// Sends bytes, or queues a copy of what the kernel does not take at once.
  package func write(_ bytes: [UInt8]) { write(bytes.span) }

  /// Sends bytes and others behind them, as one piece where the kernel takes them at once.
  package func write(_ first: [UInt8], _ second: [UInt8]) {
    guard tls == nil, pendingBytes == 0, !isClosing, !first.isEmpty, !second.isEmpty, let base
    else {
      write(first)
      return write(second)
    }
    let written = first.withUnsafeBytes { first in
      second.withUnsafeBytes { second in
        // libuv only reads through the buffers; their type is mutable for the sake of reads.
        var buffers = (Self.buffer(first), Self.buffer(second))
        return withUnsafeMutablePointer(to: &buffers) {
          $0.withMemoryRebound(to: uv_buf_t.self, capacity: 2) { uv_try_write(base, $0, 2) }
        }
      }
    }
    guard written >= 0 || written == UV_EAGAIN.rawValue else {
      return fail(.system(SystemError(code: written)))
    }
    let taken = max(0, Int(written))
    if taken < first.count { write(first.span.extracting(taken...)) }
    let rest = max(0, taken - first.count)
    if rest < second.count { write(second.span.extracting(rest...)) }
  }

  private static func buffer(_ bytes: UnsafeRawBufferPointer) -> uv_buf_t {
    uv_buf_init(
      UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.assumingMemoryBound(to: CChar.self),
      UInt32(truncatingIfNeeded: min(bytes.count, 1 << 30)))
  }

  /// Puts bytes on the wire as they are.
  func writeRaw(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard !isClosing, let base, !bytes.isEmpty else { return }
    var written = 0
    if pendingBytes == 0 {
      var buffer = Self.buffer(UnsafeRawBufferPointer(bytes))
      let result = uv_try_write(base, &buffer, 1)
      if result >= 0 {
        written = Int(result)
      } else if result != UV_EAGAIN.rawValue {
        return fail(.system(SystemError(code: result)))
      }
    }
    if written < bytes.count {
      queue(UnsafeBufferPointer(rebasing: bytes[written...]), on: base)
    }
  }

  private func queue(
    _ bytes: UnsafeBufferPointer<UInt8>, on base: UnsafeMutablePointer<uv_stream_t>
  ) {
    // Request and bytes in one allocation, owned by libuv until the callback frees it.
    let header = MemoryLayout<uv_write_t>.size
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: header + bytes.count, alignment: MemoryLayout<uv_write_t>.alignment)
    let payload = block + header
    UnsafeMutableRawBufferPointer(start: payload, count: bytes.count).copyMemory(
      from: UnsafeRawBufferPointer(bytes))
    let request = block.bindMemory(to: uv_write_t.self, capacity: 1)
    request.pointee.data = UnsafeMutableRawPointer(bitPattern: bytes.count)
    var buffer = uv_buf_init(
      payload.assumingMemoryBound(to: CChar.self), UInt32(truncatingIfNeeded: bytes.count))
    pendingBytes += bytes.count
    let status = uv_write(request, base, &buffer, 1) { request, status in
      guard let request else { return }
      let count = Int(bitPattern: request.pointee.data)
      let stream = TCPStream.from(request.pointee.handle?.pointee.data)
      UnsafeMutableRawPointer(request).deallocate()
      stream?.didWrite(count, status)
    }
    if status != 0 {
      block.deallocate()
      pendingBytes -= bytes.count
      fail(.system(SystemError(code: status)))
    }
  }

  private func didWrite(_ count: Int, _ status: CInt) {
    pendingBytes -= count
    guard !isClosing else { return }
    if status != 0 { return fail(.system(SystemError(code: status))) }
    guard pendingBytes == 0 else { return }
    if closesWhenDrained { close() } else { handler?.streamDidDrain(self) }
  }
}
