internal import EventLoop

/// One client's connection: reads requests one after the other and has each answered. Loop-bound.
final class ServerConnection: TCPStreamHandler {
  let stream: TCPStream
  let shard: ServerShard
  var input = ByteBuffer()
  /// Fired when bytes, the end of the stream or its close have come.
  private let readable = LoopSignal()
  private let drained = LoopSignal()
  private var parser: RequestHeadParser
  private var task: Task<Void, Never>?
  /// The request that is being answered.
  private var exchange: Exchange?
  private var phase = Phase.idle
  private var queuedAtTimeOut = -1

  private enum Phase {
    /// Between requests.
    case idle
    /// Within a head.
    case head
    /// Within a body, since a time in loop milliseconds, of which this many bytes have come.
    case body(since: UInt64, bytes: Int)
    /// A request is complete and its answer is not.
    case answering
    /// The answer is out, and what the client still sends is thrown away.
    case lingering
  }

  /// The client's address, without its port.
  private(set) lazy var remoteAddress = stream.remoteAddress?.ip ?? ""
  /// The client has sent all that it will send.
  private(set) var reachedEOF = false
  private(set) var isClosed = false

  init(_ stream: TCPStream, _ shard: ServerShard) {
    self.stream = stream
    self.shard = shard
    parser = RequestHeadParser(limits: shard.configuration.limits)
  }

  func start() {
    stream.handler = self
    stream.setDeadline(shard.configuration.headerTimeout)
    stream.resumeReading()
    task = shard.loop.spawn { [self] in await serve() }
  }

  private func serve() async {
    shard.didBeginServing()
    defer { shard.didEndServing() }
    while let exchange = await nextExchange() {
      phase = .answering
      self.exchange = exchange
      defer { self.exchange = nil }
      stream.setDeadline(shard.configuration.writeTimeout)
      await shard.handler(exchange)
      guard await exchange.conclude(), !isClosed else { break }
      // A client that asks on and on and takes no answer must not fill the memory with them.
      guard (try? await waitUntilWritable()) != nil else { break }
      phase = .idle
      if shard.isDraining && input.isEmpty { break }
    }
    closeAfterAnswer()
  }

  // MARK: Requests

  private func nextExchange() async -> Exchange? {
    while true {
      do throws(HTTPParseError) {
        if let head = try parser.parse(&input) {
          return Exchange(head, self)
        }
      } catch {
        refuse(error)
        return nil
      }
      if reachedEOF || isClosed { return nil }
      switch phase {
      // The lines of a head that are complete are no longer in the buffer.
      case .idle where !input.isEmpty || parser.isWithinHead:
        phase = .head
        stream.setDeadline(shard.configuration.headerTimeout)
      case .idle: stream.setDeadline(shard.configuration.idleTimeout)
      default: break
      }
      await waitForInput()
    }
  }

  private func waitForInput() async {
    stream.resumeReading()
    await readable.wait()
  }

  /// Reads on within a body.
  func waitForBody() async throws(HTTPServerError) {
    if case .body = phase {} else { phase = .body(since: shard.loop.now, bytes: 0) }
    stream.setDeadline(shard.configuration.bodyTimeout)
    if isClosed { throw bodyTimedOut ? .bodyTimedOut : .clientLeft }
    await waitForInput()
    if bodyTimedOut { throw .bodyTimedOut }
    if isClosed { throw .clientLeft }
  }

  private(set) var bodyTimedOut = false

  func didFinishBody() {
    phase = .answering
    stream.setDeadline(shard.configuration.writeTimeout)
  }

  /// Answers a request that cannot be read, and closes.
  private func refuse(_ error: HTTPParseError) {
    shard.configuration.statistics.didRefuseRequest()
    var head: [UInt8] = []
    let body = OpenAIShapedError.body(error.message, status: error.status)
    var headers = HeaderFields()
    headers.set("content-type", "application/json", orDrop: ())
    ResponseEncoder.head(
      status: error.status, headers: headers, framing: .length(body.count), keepAlive: false,
      date: shard.dateBytes, into: &head)
    stream.write(head + body)
  }

  // MARK: Answers

  /// Bytes that wait for the client.
  var pendingBytes: Int { stream.pendingBytes }

  func write(_ bytes: [UInt8]) { stream.write(bytes) }

  /// Suspends while more is queued for the client than it may be.
  func waitUntilWritable() async throws(HTTPServerError) {
    while stream.pendingBytes > shard.configuration.writeHighWater, !isClosed {
      await drained.wait()
    }
    if isClosed { throw .clientLeft }
  }

  /// Closes when the answer is out. A client that still sends gets the time to read the answer
  /// first: closing at once would make its system throw the answer away (RFC 9112, section 9.6).
  private func closeAfterAnswer() {
    guard !isClosed, !stream.isClosed else { return }
    guard !reachedEOF else { return stream.closeWhenDrained() }
    phase = .lingering
    if stream.pendingBytes == 0 { stream.setDeadline(Self.lingerTime) }
    stream.shutdownWriting()
    input = ByteBuffer()
    stream.resumeReading()
  }

  /// For what a client still sends when its answer is out.
  private static let lingerTime = Duration.seconds(2)

  func closeIfIdle() {
    if case .idle = phase, input.isEmpty { stream.closeWhenDrained() }
  }

  /// Closes at once; an answer that is under way is told its last words.
  func stop() {
    exchange?.stop()
    stream.close()
  }
  func reset() { stream.reset() }

  // MARK: Stream

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    switch phase {
    case .lingering: return
    case .body(let since, let count):
      phase = .body(since: since, bytes: count + bytes.count)
      stream.setDeadline(shard.configuration.bodyTimeout)
      if isTooSlow(since, count + bytes.count) { return timeOutBody() }
    default: break
    }
    input.append(bytes)
    // What is sent ahead while an answer is pending stays bounded; the rest waits in the network.
    if !readable.isAwaited && input.count >= shard.configuration.readAhead { stream.pauseReading() }
    if readable.isAwaited { readable.fire() }
  }

  private func isTooSlow(_ since: UInt64, _ count: Int) -> Bool {
    let elapsed = shard.loop.now - since
    guard elapsed > shard.configuration.bodyGrace.milliseconds else { return false }
    return UInt64(count) * 1000 < elapsed * UInt64(shard.configuration.minimumBodyRate)
  }

  func streamDidReadEOF(_ stream: TCPStream) {
    reachedEOF = true
    switch phase {
    case .answering: task?.cancel()
    case .lingering: stream.closeWhenDrained()
    default: break
    }
    if readable.isAwaited { readable.fire() }
  }

  func streamDidDrain(_ stream: TCPStream) {
    queuedAtTimeOut = -1
    if case .lingering = phase { stream.setDeadline(Self.lingerTime) }
    if drained.isAwaited { drained.fire() }
  }

  func streamDidTimeOut(_ stream: TCPStream) {
    switch phase {
    case .idle, .lingering:
      if stream.queuedBytes > 0 { closeUnlessTaken() } else { stream.close() }
    case .head:
      refuse(HTTPParseError(status: 408, message: "The request's head did not arrive in time."))
      stream.closeWhenDrained()
    case .body: timeOutBody()
    case .answering: closeUnlessTaken()
    }
  }

  /// A client that takes something, however little, is slow; one that takes nothing has gone.
  private func closeUnlessTaken() {
    let queued = stream.queuedBytes
    if queued > 0 && queued == queuedAtTimeOut { return stream.close() }
    queuedAtTimeOut = queued > 0 ? queued : -1
    stream.setDeadline(shard.configuration.writeTimeout)
  }

  private func timeOutBody() {
    bodyTimedOut = true
    reachedEOF = true
    stream.pauseReading()
    if readable.isAwaited { readable.fire() }
  }

  func stream(_ stream: TCPStream, didCloseWith error: StreamError?) {
    isClosed = true
    reachedEOF = true
    task?.cancel()
    task = nil
    if readable.isAwaited { readable.fire() }
    if drained.isAwaited { drained.fire() }
    shard.didClose(self)
  }
}
