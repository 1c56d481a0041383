import EventLoop
import State
import TestSupport
import Testing

/// Something that listens where a Redis should, and says what it was told to say.
final class FakePeer: TCPStreamHandler, @unchecked Sendable {
  // Used on its loop alone, but for the listener's port.
  private let answer: [UInt8]
  private var streams: [TCPStream] = []

  init(_ answer: String) { self.answer = Array(answer.utf8) }

  func accept(_ stream: TCPStream) {
    streams.append(stream)
    stream.handler = self
    stream.resumeReading()
  }

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) { stream.write(answer) }
  func streamDidReadEOF(_ stream: TCPStream) { stream.close() }
  func streamDidDrain(_ stream: TCPStream) {}
  func streamDidTimeOut(_ stream: TCPStream) {}
  func stream(_ stream: TCPStream, didCloseWith error: StreamError?) {}
}

@Suite("A peer that is no proper Redis", .bounded, .timeLimit(.minutes(10)))
struct RedisPeerTests {
  @Test(
    "is told as what it is, crashes nobody, and is asked again",
    arguments: [
      "HTTP/1.1 200 OK\r\n\r\n", "+OK\r\n+OK\r\n+OK\r\n+OK\r\n", "-LOADING Redis is loading\r\n",
      "-NOAUTH Authentication required.\r\n", "$-5\r\n", "$99999999999999\r\n", "*3\r\n$3\r\nfoo",
      "*-7\r\n", ":x\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
      "$4\r\nabcdXX", "", "\0\0\0", "*2\r\n$7\r\nmessage\r\n$1\r\na\r\n", "%1\r\n+a\r\n+b\r\n",
      "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$0\r\n\r\n", "-READONLY You can't write\r\n",
      "*2000000000\r\n", "$2147483647\r\nabc",
    ])
  func garbage(_ answer: String) async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let peer = FakePeer(answer)
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    let port = try await loop.run {
      try TCPListener(loop, at: address) { peer.accept($0) }.address.port
    }
    let store = try await StateStores.open(
      StateURL(parsing: "redis://127.0.0.1:\(port)?timeout=20ms"), on: loop)
    let events = StoreEvents()
    store.listen(events.add)
    try await eventually("it is told") { !events.all.isEmpty }
    #expect(!store.isAvailable)
    #expect(!events.contains(.available))
    await store.close()
    await group.shutdown()
  }
}
