package import EventLoop

/// One request and its answer. Loop-bound.
///
/// An answer is either given whole (`respond`), or started, written piece by piece, and finished.
/// The state is a type, so that nothing can be retried once bytes are on their way.
package final class Exchange {
  /// The request's line and fields.
  package let head: RequestHead
  let connection: ServerConnection
  private var decoder: BodyDecoder
  private var bodyIsComplete: Bool
  private var toldToContinue = false
  private var answer = Answer.unstarted
  private var mayKeepAlive: Bool
  /// Why the body could not be read; it answers a request that the handler leaves unanswered.
  private var bodyFailure: HTTPParseError?

  private enum Answer {
    case unstarted
    case streaming(BodyFraming, pendingHead: [UInt8])
    case finished
  }

  /// The status that was sent; 0 before.
  package private(set) var status = 0
  /// Body bytes that were handed over for sending.
  package private(set) var bytesSent = 0
  /// Body bytes that were received.
  package private(set) var bytesReceived = 0
  /// What ends an answer that the server cuts when it stops: for streams of events, whose readers
  /// would take a silent end for a complete answer.
  package var lastWords: [UInt8] = []
  /// Whether the server has stopped before the answer was complete.
  package private(set) var wasStopped = false
  /// Called when the first byte of the answer is handed over.
  package var whenStarted: (() -> Void)?

  init(_ head: RequestHead, _ connection: ServerConnection) {
    self.head = head
    self.connection = connection
    decoder = BodyDecoder(head.framing, limits: connection.shard.configuration.limits)
    if case .none = head.framing { bodyIsComplete = true } else { bodyIsComplete = false }
    mayKeepAlive = head.keepAlive && !connection.shard.isDraining
  }

  /// The loop that the exchange lives on.
  package var loop: EventLoop { connection.shard.loop }

  /// Bytes that wait for the client to take them.
  package var pendingBytes: Int { connection.pendingBytes }

  /// The client's address, without its port.
  package var remoteAddress: String { connection.remoteAddress }

  /// Whether the connection is gone.
  package var isClientGone: Bool { connection.isClosed || connection.reachedEOF }

  /// Whether the answer has begun.
  package var hasStarted: Bool {
    if case .unstarted = answer { false } else { true }
  }

  // MARK: Request body

  /// Reads the whole body.
  /// - Parameter limit: bytes, past which the request is refused with 413; at most the server's own
  ///   bound.
  /// - Throws: `HTTPServerError`.
  package func body(limit: Int = .max) async throws(HTTPServerError) -> [UInt8] {
    guard !bodyIsComplete else { return [] }
    var body: [UInt8] = []
    if case .length(let length) = head.framing {
      if length > limit { throw .malformed(.bodyTooLarge(limit)) }
      // A promise alone buys no memory beyond this much.
      body.reserveCapacity(min(length, 1 << 20))
    }
    while true {
      let before = body.count
      let progress: BodyDecoder.Progress
      do throws(HTTPParseError) {
        progress = try decoder.decode(&connection.input, into: &body, max: .max)
      } catch {
        mayKeepAlive = false
        bodyFailure = error
        throw .malformed(error)
      }
      bytesReceived += body.count - before
      if body.count > limit {
        mayKeepAlive = false
        throw .malformed(.bodyTooLarge(limit))
      }
      if case .finished = progress { break }
      // Not before the decoder has seen how long the body is to be.
      if head.expectsContinue && !toldToContinue && bytesReceived == 0 {
        toldToContinue = true
        connection.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
      }
      if connection.reachedEOF {
        mayKeepAlive = false
        throw connection.bodyTimedOut ? .bodyTimedOut : .clientLeft
      }
      do { try await connection.waitForBody() } catch {
        mayKeepAlive = false
        throw error
      }
    }
    bodyIsComplete = true
    connection.didFinishBody()
    return body
  }

  // MARK: Answer

  /// Sends a whole answer. Its length is set; for HEAD the body stays away.
  package func respond(_ status: Int, _ headers: HeaderFields, _ body: [UInt8]) {
    guard case .unstarted = answer else { return }
    begin(status)
    var bytes: [UInt8] = []
    swap(&bytes, &connection.shard.scratch)
    let isWhole = body.count <= 64 * 1024
    bytes.reserveCapacity(512 + headers.wireBytes.count + (isWhole ? body.count : 0))
    defer { recycle(&bytes) }
    let framing = BodyFraming.length(body.count)
    ResponseEncoder.head(
      status: status, headers: headers, framing: framing, keepAlive: keepsAlive,
      date: connection.shard.dateBytes, into: &bytes)
    answer = .finished
    guard sendsBody(status) else { return connection.write(bytes) }
    bytesSent = body.count
    if isWhole {
      bytes.append(contentsOf: body)
      connection.write(bytes)
    } else {
      connection.write(bytes)
      connection.write(body)
    }
  }

  /// Begins an answer whose body comes in pieces. The head leaves with the first piece.
  /// - Parameter length: of the body where it is known; else it goes out in chunks, or for a client
  ///   of HTTP/1.0 until the connection closes.
  package func start(_ status: Int, _ headers: HeaderFields, length: Int? = nil) {
    guard case .unstarted = answer else { return }
    begin(status)
    let framing: BodyFraming
    if let length {
      framing = .length(length)
    } else if head.version == .http11 {
      framing = .chunked
    } else {
      framing = .untilClose
      mayKeepAlive = false
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512 + headers.wireBytes.count)
    ResponseEncoder.head(
      status: status, headers: headers, framing: framing, keepAlive: keepsAlive,
      date: connection.shard.dateBytes, into: &bytes)
    answer = .streaming(framing, pendingHead: bytes)
  }

  /// Sends a piece of the body; waits while the client takes less than is queued for it.
  /// - Throws: `HTTPServerError.clientLeft`.
  package func write(_ piece: [UInt8]) async throws(HTTPServerError) {
    send(piece)
    if connection.pendingBytes > 0 || connection.isClosed {
      try await connection.waitUntilWritable()
    }
  }

  /// Sends a piece of the body without waiting. For small pieces between others.
  package func send(_ piece: [UInt8]) {
    guard case .streaming(let framing, let head) = answer, !connection.isClosed else { return }
    if !head.isEmpty { answer = .streaming(framing, pendingHead: []) }
    guard sendsBody(status) else { return connection.write(head) }
    bytesSent += piece.count
    guard case .chunked = framing else {
      if !head.isEmpty { connection.write(head) }
      return connection.write(piece)
    }
    var scratch: [UInt8] = []
    swap(&scratch, &connection.shard.scratch)
    scratch.append(contentsOf: head)
    if !piece.isEmpty { ChunkEncoder.append(piece.span, to: &scratch) }
    connection.write(scratch)
    recycle(&scratch)
  }

  /// Ends the body. `last`, if any, goes out together with the end.
  package func finish(last: [UInt8] = []) {
    guard case .streaming(let framing, let head) = answer else { return }
    answer = .finished
    guard !connection.isClosed else { return }
    guard sendsBody(status) else { return connection.write(head) }
    bytesSent += last.count
    // A body of another length than was promised cannot be followed by an answer.
    if case .length(let length) = framing, length != bytesSent { mayKeepAlive = false }
    var scratch: [UInt8] = []
    swap(&scratch, &connection.shard.scratch)
    scratch.append(contentsOf: head)
    if case .chunked = framing {
      if !last.isEmpty { ChunkEncoder.append(last.span, to: &scratch) }
      ChunkEncoder.appendLast(to: &scratch)
    } else {
      scratch.append(contentsOf: last)
    }
    connection.write(scratch)
    recycle(&scratch)
  }

  /// Cuts the connection as a crash would: the client sees a reset.
  package func abort() {
    answer = .finished
    mayKeepAlive = false
    connection.reset()
  }

  /// Ends an answer that cannot be completed: the client sees its connection close within the body.
  package func cut() {
    answer = .finished
    mayKeepAlive = false
  }

  /// Ends an answer that is under way because the server stops.
  func stop() {
    switch answer {
    case .finished: return
    case .unstarted: refuse(HTTPParseError(status: 503, message: "The server is stopping."))
    case .streaming: if lastWords.isEmpty { cut() } else { finish(last: lastWords) }
    }
    wasStopped = true
  }

  private func begin(_ status: Int) {
    self.status = status
    if !bodyIsComplete && !fitsInBuffer { mayKeepAlive = false }
    if connection.shard.isDraining { mayKeepAlive = false }
    whenStarted?()
    whenStarted = nil
  }

  /// Whether what is left of the request's body is already here, so that the connection can be
  /// used again at no cost.
  private var fitsInBuffer: Bool {
    guard case .length(let length) = head.framing else { return false }
    return connection.input.count >= length
  }

  private var keepsAlive: Bool { mayKeepAlive }

  private func sendsBody(_ status: Int) -> Bool {
    head.method != .head && status != 204 && status != 304 && status >= 200
  }

  private func recycle(_ scratch: inout [UInt8]) {
    guard scratch.capacity <= 128 * 1024 else { return }
    scratch.removeAll(keepingCapacity: true)
    swap(&scratch, &connection.shard.scratch)
  }

  // MARK: End

  private func refuse(_ failure: HTTPParseError) {
    var headers = HeaderFields()
    headers.set("content-type", "application/json", orDrop: ())
    mayKeepAlive = false
    respond(
      failure.status, headers, OpenAIShapedError.body(failure.message, status: failure.status))
  }

  /// Makes sure that there is an answer.
  /// - Returns: whether the connection can carry another request.
  func conclude() async -> Bool {
    if connection.isClosed { return false }
    switch answer {
    case .unstarted:
      // A request that was cut has nobody who could be told.
      if !bodyIsComplete && connection.reachedEOF && !connection.bodyTimedOut { return false }
      refuse(bodyFailure ?? HTTPParseError(status: 500, message: "The request was not answered."))
    case .streaming: finish()
    case .finished: break
    }
    guard mayKeepAlive else { return false }
    if !bodyIsComplete {
      var rest: [UInt8] = []
      guard let progress = try? decoder.decode(&connection.input, into: &rest, max: .max),
        case .finished = progress
      else { return false }
    }
    return true
  }
}
