internal import EventLoop

/// A connection to a server: at any time idle, or carrying one request. Loop-bound.
final class ClientConnection: TCPStreamHandler {
  let stream: TCPStream
  private let configuration: HTTPClientConfiguration
  private var input = ByteBuffer()
  private let readable = LoopSignal()
  private let drained = LoopSignal()
  private var decoder: BodyDecoder?
  private(set) var reachedEOF = false
  private(set) var isClosed = false
  private var failure: HTTPClientError?
  private var waitingFor: HTTPClientError.Phase?
  private var keepsAlive = true
  /// Whether a request was answered on it before.
  private(set) var isReused = false
  /// Whether any byte of the present answer has come.
  private(set) var hasAnswerBytes = false
  /// Whether the whole of the present request was handed to the kernel.
  private(set) var hasSentRequest = false
  private var totalDeadline: UInt64?
  /// Called when an idle connection closes.
  var whenClosedIdle: ((ClientConnection) -> Void)?

  init(_ stream: TCPStream, _ configuration: HTTPClientConfiguration) {
    self.stream = stream
    self.configuration = configuration
    stream.handler = self
    stream.resumeReading()
  }

  var loop: EventLoop { stream.loop }
  var isUsable: Bool { !isClosed && !reachedEOF && !stream.isClosed && input.isEmpty }
  /// Whether it can carry a request after it was idle: not where its end has come, though the loop has
  /// not been told yet.
  var isStillUsable: Bool { isUsable && !stream.hasArrivals }

  // MARK: One request

  /// Sends a request and reads the head of its answer.
  func send(
    _ head: [UInt8], _ request: ClientRequest, deadline: UInt64?
  ) async throws(HTTPClientError) -> ResponseHead {
    hasAnswerBytes = false
    hasSentRequest = false
    totalDeadline = deadline
    stream.write(head, request.body)
    arm(.firstByte, request.timeouts.firstByte)
    while stream.pendingBytes > 0, !isClosed, failure == nil, !hasAnswerBytes, !reachedEOF {
      await drained.wait()
    }
    if stream.pendingBytes == 0 && !isClosed { hasSentRequest = true }
    var parser = ResponseHeadParser(limits: configuration.responseLimits)
    var interim = 0
    while true {
      do throws(HTTPParseError) {
        if let answer = try parser.parse(&input) {
          // Interim answers precede the real one (RFC 9110, section 15.2).
          guard answer.status != 101 else {
            throw .malformedResponse("the protocol was switched without being asked")
          }
          if answer.status < 200 {
            interim += 1
            guard interim <= 8 else { throw .malformedResponse("too many interim answers") }
            parser = ResponseHeadParser(limits: configuration.responseLimits)
            continue
          }
          let framing = answer.framing(forRequest: request.method)
          keepsAlive = answer.keepAlive
          if case .untilClose = framing { keepsAlive = false }
          decoder = BodyDecoder(framing, limits: .unbounded)
          disarm()
          return answer
        }
      } catch {
        throw fail(.malformed, "the server's answer is not valid HTTP: \(error.message)")
      }
      try await waitForInput()
    }
  }

  /// The next piece of the answer's body; nil at its end.
  func nextPiece(idle: Duration) async throws(HTTPClientError) -> [UInt8]? {
    var piece: [UInt8] = []
    while true {
      guard var decoder = self.decoder else { return nil }
      self.decoder = nil
      let progress: BodyDecoder.Progress
      do throws(HTTPParseError) {
        progress = try decoder.decode(&input, into: &piece, max: configuration.readAhead)
      } catch {
        let failure = fail(.malformed, "the server's answer is not valid HTTP: \(error.message)")
        guard !piece.isEmpty else { throw failure }
        // What came before it is the server's word; the next call fails.
        self.decoder = decoder
        return piece
      }
      if case .finished = progress {
        stream.setDeadline(nil)
        return piece.isEmpty ? nil : piece
      }
      self.decoder = decoder
      if !piece.isEmpty {
        disarm()
        if !reachedEOF && input.count < configuration.readAhead { stream.resumeReading() }
        return piece
      }
      // A connection that broke while nobody read has not ended its answer.
      if let failure { throw failure }
      if reachedEOF {
        do throws(HTTPParseError) {
          if stream.isTruncated { throw .malformedResponse("closed without TLS's farewell") }
          try decoder.finishAtEOF()
          self.decoder = nil
          return nil
        } catch {
          throw fail(.reset, "the server closed the connection within its answer")
        }
      }
      arm(.idle, idle)
      try await waitForInput()
    }
  }

  /// Whether the answer has been read to its end and the connection can carry another request.
  var isReusable: Bool { decoder == nil && keepsAlive && isUsable }

  private func waitForInput() async throws(HTTPClientError) {
    if let failure { throw failure }
    if isClosed || (reachedEOF && decoder == nil) {
      throw fail(.reset, "the server closed the connection before it answered")
    }
    stream.resumeReading()
    await readable.wait()
    if let failure { throw failure }
  }

  private func arm(_ phase: HTTPClientError.Phase, _ duration: Duration) {
    waitingFor = phase
    guard let totalDeadline else { return stream.setDeadline(duration) }
    let now = loop.now
    let left = totalDeadline > now ? totalDeadline - now : 1
    if left < duration.milliseconds {
      waitingFor = .total
      stream.setDeadline(.milliseconds(left))
    } else {
      stream.setDeadline(duration)
    }
  }

  /// Between two reads only the bound on the whole counts: how long the consumer takes is not the
  /// server's fault.
  private func disarm() {
    waitingFor = .total
    guard let totalDeadline else { return stream.setDeadline(nil) }
    stream.setDeadline(.milliseconds(totalDeadline > loop.now ? totalDeadline - loop.now : 1))
  }

  // MARK: Between requests

  func becomeIdle() {
    isReused = true
    waitingFor = nil
    stream.setDeadline(configuration.idleTimeout)
    stream.resumeReading()
  }

  func becomeBusy() {
    whenClosedIdle = nil
    stream.setDeadline(nil)
  }

  /// Gives the connection up; whoever waits on it gets `error`.
  @discardableResult
  func fail(_ kind: HTTPClientError.Kind, _ message: String) -> HTTPClientError {
    if let failure { return failure }
    let error = HTTPClientError(kind, mayHaveBeenSent: hasSentRequest || hasAnswerBytes, message)
    failure = error
    stream.close()
    wake()
    return error
  }

  func close() { stream.close() }

  private func wake() {
    if readable.isAwaited { readable.fire() }
    if drained.isAwaited { drained.fire() }
  }

  // MARK: Stream

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    // A server that speaks without being asked has lost count: its connection is not to be trusted.
    if whenClosedIdle != nil { return stream.close() }
    hasAnswerBytes = true
    input.append(bytes)
    if input.count >= configuration.readAhead { stream.pauseReading() }
    wake()
  }

  func streamDidReadEOF(_ stream: TCPStream) {
    reachedEOF = true
    if whenClosedIdle != nil { return stream.close() }
    wake()
  }

  func streamDidDrain(_ stream: TCPStream) {
    if drained.isAwaited { drained.fire() }
  }

  func streamDidTimeOut(_ stream: TCPStream) {
    guard let phase = waitingFor else { return stream.close() }
    fail(.timeout(phase), "no answer in time: waited for \(phase.rawValue)")
  }

  func stream(_ stream: TCPStream, didCloseWith error: StreamError?) {
    isClosed = true
    reachedEOF = true
    if failure == nil, error != nil {
      failure = HTTPClientError(
        .reset, mayHaveBeenSent: hasSentRequest || hasAnswerBytes,
        "the connection to the server broke")
    }
    whenClosedIdle?(self)
    whenClosedIdle = nil
    wake()
  }
}
