internal import CLibuv

extension EventLoop {
  /// How long one address may take before the next one is tried beside it (RFC 8305, section 5).
  private static let attemptDelay = Duration.milliseconds(250)

  /// Connects to the first of `addresses` that answers, a later one being tried beside an earlier
  /// one that takes long. The stream does not read yet and has no handler.
  /// - Throws: `SystemError` of the last address that failed; "operation canceled" when the task was
  ///   cancelled; "connection timed out" after `timeout`.
  package func connect(
    to addresses: [SocketAddress], timeout: Duration
  ) async throws(SystemError) -> TCPStream {
    preconditionOnLoop()
    let race = ConnectionRace(self, addresses, attemptDelay: Self.attemptDelay)
    race.start(timeout: timeout)
    // Used on the loop alone: the cancellation handler submits to it.
    nonisolated(unsafe) let unsafeRace = race
    await withTaskCancellationHandler {
      await race.done.wait()
    } onCancel: {
      self.submit { unsafeRace.finish(.failure(.cancelled)) }
    }
    guard let result = race.result else { throw .cancelled }
    return try result.get()
  }
}

/// Attempts at several addresses, of which the first to succeed wins. Loop-bound.
private final class ConnectionRace {
  let done = LoopEvent<Void>()
  private(set) var result: Result<TCPStream, SystemError>?
  private let loop: EventLoop
  private var waiting: ArraySlice<SocketAddress>
  private var running: [TCPStream] = []
  private var lastError = SystemError.cancelled
  private let attemptDelay: Duration
  private var timers: [LoopTimer] = []
  private var next: LoopTimer?

  init(_ loop: EventLoop, _ addresses: [SocketAddress], attemptDelay: Duration) {
    self.loop = loop
    self.attemptDelay = attemptDelay
    waiting = addresses[...]
  }

  func start(timeout: Duration) {
    timers.append(loop.schedule(after: timeout) { [self] in finish(.failure(.timedOut)) })
    tryNext()
  }

  private func tryNext() {
    next?.cancel()
    next = nil
    guard result == nil else { return }
    guard let address = waiting.popFirst() else {
      if running.isEmpty { finish(.failure(lastError)) }
      return
    }
    do throws(SystemError) {
      let stream = try TCPStream(loop)
      running.append(stream)
      try stream.connect(to: address) { [self] status in didConnect(stream, status) }
      if !waiting.isEmpty { next = loop.schedule(after: attemptDelay) { [self] in tryNext() } }
    } catch {
      didFail(running.last, error)
    }
  }

  private func didConnect(_ stream: TCPStream, _ status: CInt) {
    guard result == nil else { return }
    if status == 0 {
      running.removeAll { $0 === stream }
      stream.disableNagle()
      finish(.success(stream))
    } else {
      didFail(stream, SystemError(code: status))
    }
  }

  private func didFail(_ stream: TCPStream?, _ error: SystemError) {
    lastError = error
    if let stream {
      running.removeAll { $0 === stream }
      stream.close()
    }
    tryNext()
  }

  func finish(_ result: Result<TCPStream, SystemError>) {
    guard self.result == nil else { return }
    self.result = result
    next?.cancel()
    next = nil
    for timer in timers { timer.cancel() }
    timers = []
    for stream in running { stream.close() }
    running = []
    done.fire(())
  }
}

extension TCPStream {
  private final class Attempt {
    let completion: (CInt) -> Void
    init(_ completion: @escaping (CInt) -> Void) { self.completion = completion }
  }

  fileprivate func connect(
    to address: SocketAddress, _ completion: @escaping (CInt) -> Void
  ) throws(SystemError) {
    guard let handle else { throw .cancelled }
    let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
    // Retained until the callback, which comes exactly once after a successful start.
    let attempt = Unmanaged.passRetained(Attempt(completion))
    request.pointee.data = attempt.toOpaque()
    let status = address.withPointer {
      uv_tcp_connect(request, handle, $0) { request, status in
        guard let request, let context = request.pointee.data else { return }
        request.deallocate()
        Unmanaged<Attempt>.fromOpaque(context).takeRetainedValue().completion(status)
      }
    }
    guard status == 0 else {
      attempt.release()
      request.deallocate()
      throw SystemError(code: status)
    }
  }
}

extension TCPStream {
  /// Begins TLS as a client and returns when the server's certificate has been verified.
  /// - Parameters:
  ///   - serverName: the name that is asked for and that the certificate must be for.
  ///   - ticket: of an earlier connection to the same server.
  ///   - tickets: gets each ticket that the server hands out.
  /// - Throws: `StreamError`; the stream is closed then.
  package func startTLS(
    _ context: TLSContext, serverName: String, ticket: TLSTicket?, timeout: Duration,
    tickets: @escaping (TLSTicket) -> Void
  ) async throws(StreamError) {
    let session = try TLSSession(context, serverName: serverName, ticket: ticket)
    session.whenTicket = tickets
    tls = session
    let handshake = Handshake()
    handler = handshake
    session.whenEstablished = { handshake.done.fire(nil) }
    resumeReading()
    setDeadline(timeout)
    session.handshake(on: self)
    // Used on the loop alone: the cancellation handler submits to it.
    nonisolated(unsafe) let stream = self
    let loop = loop
    let error = await withTaskCancellationHandler {
      await handshake.done.wait()
    } onCancel: {
      loop.submit { stream.fail(.system(.cancelled)) }
    }
    setDeadline(nil)
    if let error { throw error }
    pauseReading()
  }

  /// Begins TLS as a server: the handshake goes on as the client's bytes come.
  package func acceptTLS(_ context: TLSContext) throws(StreamError) {
    tls = try TLSSession(context, serverName: nil, ticket: nil)
  }

  private final class Handshake: TCPStreamHandler {
    let done = LoopEvent<StreamError?>()
    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {}
    func streamDidReadEOF(_ stream: TCPStream) {
      stream.fail(.tls("the server closed the connection during the TLS handshake"))
    }
    func streamDidDrain(_ stream: TCPStream) {}
    func streamDidTimeOut(_ stream: TCPStream) { stream.fail(.system(.timedOut)) }
    func stream(_ stream: TCPStream, didCloseWith error: StreamError?) {
      done.fire(error ?? .system(.cancelled))
    }
  }
}
