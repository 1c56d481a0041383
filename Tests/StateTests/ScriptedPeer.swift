import EventLoop
import Testing

@testable import State

/// A peer that greets as Redis does, and answers what follows as it was told to.
final class ScriptedPeer: TCPStreamHandler, @unchecked Sendable {
  // Used on its loop alone.
  private let answer: (_ command: String) -> String?
  private let reader = RedisReader()

  /// - Parameter answer: what to say to a command; nil for what Redis says.
  private init(_ answer: @escaping (_ command: String) -> String?) { self.answer = answer }

  /// Listens, and answers each connection.
  /// - Returns: the port.
  static func listen(
    on loop: EventLoop, _ answer: @escaping @Sendable (_ command: String) -> String?
  ) async throws -> Int {
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    return try await loop.run {
      try TCPListener(loop, at: address) { stream in
        stream.handler = ScriptedPeer(answer)
        stream.resumeReading()
      }.address.port
    }
  }

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    do {
      try reader.feed(bytes)
      while let words = try reader.next()?.elements?.compactMap(\.text) {
        stream.write(Array((answer(words[0]) ?? Self.redis(words)).utf8))
      }
    } catch { stream.close() }
  }

  /// What Redis says where nothing is stored.
  private static func redis(_ words: [String]) -> String {
    switch words[0] {
    case "ROLE": "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"
    case "GET": "$1\r\n1\r\n"
    case "TIME": "*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n"
    case "SCRIPT": "$2\r\nab\r\n"
    case "SUBSCRIBE": "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
    case "HMGET": "*2\r\n$-1\r\n$-1\r\n"
    case "PING": "*2\r\n$4\r\npong\r\n$0\r\n\r\n"
    default: "+OK\r\n"
    }
  }

  func streamDidReadEOF(_ stream: TCPStream) { stream.close() }
  func streamDidDrain(_ stream: TCPStream) {}
  func streamDidTimeOut(_ stream: TCPStream) {}
  func stream(_ stream: TCPStream, didCloseWith error: StreamError?) {}
}
