import EventLoop
import Testing

/// An upstream that answers every request with the same bytes, piece by piece, and closes the
/// connection behind them. Loop-bound.
final class RawUpstream {
  private let listener: TCPListener
  private let held = Held()

  var port: Int { listener.address.port }

  /// - Parameter isHeld: whether what follows the first piece waits for ``release()``.
  init(_ loop: EventLoop, pieces: [String], isHeld: Bool = false) throws {
    let local = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    held.isHeld = isHeld
    listener = try TCPListener(loop, at: local) { [held] stream in
      stream.handler = Connection(pieces, held)
      stream.resumeReading()
    }
  }

  func close() { listener.close() }

  func release() {
    held.isHeld = false
    for resume in held.waiting { resume() }
    held.waiting = []
  }

  private final class Held {
    var isHeld = false
    var waiting: [() -> Void] = []
  }

  private final class Connection: TCPStreamHandler {
    private var pieces: [String]
    private let held: Held
    private var received: [UInt8] = []

    init(_ pieces: [String], _ held: Held) {
      self.pieces = pieces
      self.held = held
    }

    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
      for index in bytes.indices { received.append(bytes[index]) }
      // The end of a chat's body.
      if received.suffix(3).elementsEqual("}]}".utf8) { writeNext(stream) }
    }

    private func writeNext(_ stream: TCPStream) {
      guard !pieces.isEmpty else { return stream.closeWhenDrained() }
      stream.write(Array(pieces.removeFirst().utf8))
      if held.isHeld { return held.waiting.append { [weak self] in self?.writeNext(stream) } }
      _ = stream.loop.schedule(after: .milliseconds(20)) { [weak self] in self?.writeNext(stream) }
    }

    func streamDidReadEOF(_ stream: TCPStream) { stream.close() }
    func streamDidDrain(_ stream: TCPStream) {}
    func streamDidTimeOut(_ stream: TCPStream) {}
    func stream(_ stream: TCPStream, didCloseWith error: StreamError?) {}
  }
}
