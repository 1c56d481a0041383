import EventLoop
import Testing

/// An upstream that answers every request with the same bytes, piece by piece, and closes the
/// connection behind them. Loop-bound.
final class RawUpstream {
  private let listener: TCPListener

  var port: Int { listener.address.port }

  init(_ loop: EventLoop, pieces: [String]) throws {
    let local = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    listener = try TCPListener(loop, at: local) { stream in
      stream.handler = Connection(pieces)
      stream.resumeReading()
    }
  }

  func close() { listener.close() }

  private final class Connection: TCPStreamHandler {
    private var pieces: [String]
    private var received: [UInt8] = []

    init(_ pieces: [String]) { self.pieces = pieces }

    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
      for index in bytes.indices { received.append(bytes[index]) }
      // The end of a chat's body.
      if received.suffix(3).elementsEqual("}]}".utf8) { writeNext(stream) }
    }

    private func writeNext(_ stream: TCPStream) {
      guard !pieces.isEmpty else { return stream.closeWhenDrained() }
      stream.write(Array(pieces.removeFirst().utf8))
      _ = stream.loop.schedule(after: .milliseconds(20)) { [weak self] in self?.writeNext(stream) }
    }

    func streamDidReadEOF(_ stream: TCPStream) { stream.close() }
    func streamDidDrain(_ stream: TCPStream) {}
    func streamDidTimeOut(_ stream: TCPStream) {}
    func stream(_ stream: TCPStream, didCloseWith error: StreamError?) {}
  }
}
