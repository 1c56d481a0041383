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
  typealias Handler = RedisWaiting.Handler

  private let stream: TCPStream
  private let timeout: Duration
  private let reader = RedisReader()
  private var waiting = RedisWaiting()
  private var timer: LoopTimer?
  /// Why it was closed; nil while it is open.
  private(set) var closed: StateError?
  /// Called once, when it is closed for whatever reason, before what is under way fails.
  var whenClosed: ((StateError) -> Void)?
  /// Called for each message of a channel that is subscribed to.
  var onMessage: (([UInt8]) -> Void)?

  /// Commands that may be under way.
  private static let capacity = 10_000
  /// Bytes of commands that may wait for the kernel.
  private static let largestBacklog = 64 << 20

  /// A connection over a stream that is connected.
  init(_ stream: TCPStream, timeout: Duration) {
    self.stream = stream
    self.timeout = timeout
    stream.handler = self
    stream.resumeReading()
  }

  private var loop: EventLoop { stream.loop }

  /// Whether it waits for no answer.
  var isIdle: Bool { waiting.count == 0 }

  // MARK: Commands

  /// Sends a command; `handler` is called once, on the loop.
  func send(_ command: [[UInt8]], _ handler: @escaping Handler) {
    if let closed {
      // Whatever ended it, this command was not sent.
      let kind: StateError.Kind = closed.kind == .closed ? .closed : .unavailable
      return handler(.failure(StateError(kind, closed.description)))
    }
    guard waiting.count < Self.capacity, stream.pendingBytes < Self.largestBacklog else {
      return handler(.failure(StateError(.unavailable, "too many commands are under way")))
    }
    let deadline = EventLoop.nanoseconds + timeout.milliseconds * 1_000_000
    waiting.append(RedisWaiting.Entry(deadline: deadline, handler: handler))
    stream.write(RedisCommand.encode(command))
    if timer == nil, closed == nil { watch() }
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

  /// Looks when the oldest command is due, not at each: one that is answered in time, as nearly all
  /// are, costs no timer. Where this thread itself was held up, the answer may lie there unread: so
  /// what is overdue gets one more turn of the loop.
  private func watch() {
    timer = nil
    guard let oldest = waiting.first?.deadline else { return }
    let now = EventLoop.nanoseconds
    let wait = Duration.nanoseconds(Int64(clamping: oldest > now ? oldest - now : 0))
    timer = loop.schedule(after: wait) { [weak self] in
      guard let self else { return }
      guard let first = waiting.first, first.deadline <= EventLoop.nanoseconds else {
        return watch()
      }
      timer = loop.schedule(after: .milliseconds(2)) { [weak self] in
        guard let self else { return }
        guard let still = waiting.first, still.deadline <= first.deadline else { return watch() }
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
    if let onMessage, let elements = reply.elements, elements.count == 3,
      elements[0].text == "message"
    {
      return onMessage(elements[2].bytes ?? [])
    }
    guard let entry = waiting.popFirst() else {
      return close(StateError(.malformed, "the server answers what nobody has asked"))
    }
    entry.handler(.success(reply))
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
    onMessage = nil
    let whenClosed = whenClosed
    self.whenClosed = nil
    whenClosed?(reason)
    // What was sent may have been done.
    let kind: StateError.Kind = reason.kind == .unavailable ? .timedOut : reason.kind
    let failure = StateError(kind, reason.description)
    for entry in waiting.removeAll() { entry.handler(.failure(failure)) }
  }
}
