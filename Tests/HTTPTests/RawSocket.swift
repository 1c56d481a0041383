import EventLoop
import Testing

@testable import HTTP

/// A socket without any HTTP, that keeps what it reads. Loop-bound.
final class RawSocket: TCPStreamHandler {
  let stream: TCPStream
  private(set) var bytes: [UInt8] = []
  private(set) var hasEnded = false
  private(set) var error: StreamError?
  private let changed = LoopEvent<Void>()

  init(_ stream: TCPStream, reads: Bool = true) {
    self.stream = stream
    stream.handler = self
    if reads { stream.resumeReading() }
  }

  static func connect(_ loop: EventLoop, _ port: Int, reads: Bool = true) async throws -> RawSocket
  {
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: port))
    return RawSocket(
      try await loop.connect(to: [address], timeout: .seconds(10)), reads: reads)
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  func write(_ text: String) { stream.write(Array(text.utf8)) }
  func write(_ bytes: [UInt8]) { stream.write(bytes) }
  func shutdown() { stream.shutdownWriting() }
  func close() { stream.close() }

  /// Waits until `condition` holds for what was read, or nothing more can come.
  func read(until condition: (RawSocket) -> Bool) async {
    while !condition(self) && !hasEnded { await changed.wait() }
  }

  func read(until text: String) async {
    await read { $0.text.contains(text) }
  }

  @discardableResult
  func readToEnd() async -> [UInt8] {
    await read { _ in false }
    stream.close()
    return bytes
  }

  /// Forgets what was read and gives it back.
  func takeText() -> String {
    defer { bytes = [] }
    return text
  }

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    self.bytes.append(copying: bytes)
    changed.fire(())
  }
  func streamDidReadEOF(_ stream: TCPStream) {
    hasEnded = true
    changed.fire(())
  }
  func streamDidDrain(_ stream: TCPStream) {}
  func streamDidTimeOut(_ stream: TCPStream) {}
  func stream(_ stream: TCPStream, didCloseWith error: StreamError?) {
    hasEnded = true
    self.error = error
    changed.fire(())
  }
}

/// Runs `body` on the loop of a server of its own.
func withServer(
  _ configuration: ServerConfiguration = ServerConfiguration(),
  handler: @escaping HTTPServer.Handler,
  _ body: @escaping @Sendable (EventLoop, HTTPServer) async throws -> Void
) async throws {
  let group = EventLoopGroup(count: 1)
  let server = try await HTTPServer.start(
    group: group, host: "127.0.0.1", port: 0, configuration: configuration, handler: handler)
  do {
    let loop = group.loops[0]
    try await loop.run { try await body(loop, server) }
  } catch {
    await server.close()
    await group.shutdown()
    throw error
  }
  await server.close()
  await group.shutdown()
}
