internal import EventLoop

/// A connection to one server. Loop-bound.
///
/// Commands are pipelined. One that is not answered in time ends the connection: who does not answer
/// one does not answer the next, and an answer that comes late must not be taken for another's.
///
/// The transport is the gateway's own, with its name look-ups off the loop and its TLS; hiredis reads
/// the replies. (hiredis's own asynchronous connections look names up on the calling thread, have no
/// TLS in many distributions, and end the process where a server answers what nobody asked.)
final class RedisConnection: TCPStreamHandler {
  typealias Handler = (Result<RedisReply, StateError>) -> Void

  private let stream: TCPStream
  private let timeout: Duration
  private let reader = RedisReader()
  private var waiting: [(deadline: UInt64, handler: Handler)] = []
  private var timer: LoopTimer?
  /// Why it was closed; nil while it is open.
  private(set) var closed: StateError?
  /// Called once, when it is closed for whatever reason.
  var whenClosed: ((StateError) -> Void)?
  /// Called for each message of a channel that is subscribed to.
  var onMessage: (([UInt8]) -> Void)?

  /// Commands that may be under way.
  private static let capacity = 10_000

  /// A connection over a stream that is connected.
  init(_ stream: TCPStream, timeout: Duration) {
    self.stream = stream
    self.timeout = timeout
    stream.handler = self
    stream.resumeReading()
  }

  private var loop: EventLoop { stream.loop }

  // MARK: Commands

  /// Sends a command; `handler` is called once, on the loop.
  func send(_ command: [[UInt8]], _ handler: @escaping Handler) {
    if let closed { return handler(.failure(closed)) }
    guard waiting.count < Self.capacity else {
      return handler(.failure(StateError(.unavailable, "too many commands are under way")))
    }
    waiting.append((loop.now + timeout.milliseconds, handler))
    stream.write(RedisCommand.encode(command))
    if timer == nil { watch() }
  }

  /// Sends a command and waits for its answer, which may be an error of the server.
  func call(_ command: [[UInt8]]) async throws(StateError) -> RedisReply {
    let event = LoopEvent<Result<RedisReply, StateError>>()
    send(command) { event.fire($0) }
    return try await event.wait().get()
  }

  func call(_ words: String...) async throws(StateError) -> RedisReply {
    try await call(words.map { Array($0.utf8) })
  }

  // MARK: Time

  /// Watches the oldest command. Where this thread itself was held up, the answer may lie there
  /// unread: so what is overdue gets one more turn of the loop.
  private func watch() {
    timer?.cancel()
    timer = nil
    guard let oldest = waiting.first?.deadline else { return }
    let wait = oldest > loop.now ? oldest - loop.now : 0
    timer = loop.schedule(after: .milliseconds(Int64(wait))) { [weak self] in
      guard let self, let first = waiting.first else { return }
      guard first.deadline <= loop.now else { return watch() }
      timer = loop.schedule(after: .milliseconds(2)) { [weak self] in
        guard let self, let first = waiting.first else { return }
        guard first.deadline <= oldest else { return watch() }
        close(StateError(.timedOut, "the server does not answer in time"))
      }
    }
  }

  // MARK: Stream

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    do throws(StateError) {
      try reader.feed(bytes)
      while closed == nil, let reply = try reader.next() { received(reply) }
    } catch {
      close(error)
    }
  }

  private func received(_ reply: RedisReply) {
    if let elements = reply.elements, elements.count == 3, elements[0].text == "message" {
      onMessage?(elements[2].bytes ?? [])
      return
    }
    guard !waiting.isEmpty else {
      return close(StateError(.malformed, "the server answers what nobody has asked"))
    }
    waiting.removeFirst().handler(.success(reply))
    if waiting.isEmpty {
      timer?.cancel()
      timer = nil
    }
  }

  func streamDidReadEOF(_ stream: TCPStream) {
    close(StateError(.unavailable, "the server has closed the connection"))
  }

  func streamDidDrain(_ stream: TCPStream) {}
  func streamDidTimeOut(_ stream: TCPStream) {}

  func stream(_ stream: TCPStream, didCloseWith error: StreamError?) {
    end(StateError(.unavailable, "the connection was lost\(error.map { ": \($0)" } ?? "")"))
  }

  // MARK: Closing

  /// Closes the connection; what is under way fails.
  func close(_ reason: StateError = StateError(.closed, "the connection was closed")) {
    end(reason)
    stream.close()
  }

  private func end(_ reason: StateError) {
    guard closed == nil else { return }
    closed = reason
    timer?.cancel()
    timer = nil
    let handlers = waiting
    waiting = []
    for entry in handlers { entry.handler(.failure(reason)) }
    let whenClosed = whenClosed
    self.whenClosed = nil
    onMessage = nil
    whenClosed?(reason)
  }
}
