internal import EventLoop

/// The part of a server that lives on one loop. Loop-bound.
final class ServerShard {
  let loop: EventLoop
  let configuration: ServerConfiguration
  let handler: HTTPServer.Handler
  var isDraining = false
  private(set) var connections: [ObjectIdentifier: ServerConnection] = [:]
  /// Where answers are put together; one for all connections, since each is sent at once.
  var scratch: [UInt8] = []
  private let maximum: Int
  private var listener: TCPListener?
  private var drained: LoopEvent<Void>?
  private var serving = 0
  private var allEnded: LoopSignal?
  private var date = (second: 0, bytes: [UInt8]())

  init(
    _ loop: EventLoop, _ configuration: ServerConfiguration, connections: Int,
    _ handler: @escaping HTTPServer.Handler
  ) {
    self.loop = loop
    self.configuration = configuration
    self.handler = handler
    maximum = max(1, connections)
  }

  /// - Returns: the port.
  func listen(at address: SocketAddress) throws(SystemError) -> Int {
    let listener = try TCPListener(loop, at: address) { [unowned self] in accept($0) }
    self.listener = listener
    return listener.address.port
  }

  private func accept(_ stream: TCPStream) {
    if let tls = configuration.tls {
      do throws(StreamError) { try stream.acceptTLS(tls) } catch { return stream.close() }
    }
    guard connections.count < maximum else {
      configuration.statistics.didRefuseConnection()
      stream.write(Array(Self.busy.utf8))
      return stream.closeWhenDrained()
    }
    let connection = ServerConnection(stream, self)
    connections[ObjectIdentifier(connection)] = connection
    configuration.statistics.didOpen()
    connection.start()
  }

  private static let busy: String = {
    let body = OpenAIShapedError.body("Too many connections are open.", status: 503)
    return "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
      + "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
      + String(decoding: body, as: UTF8.self)
  }()

  func didClose(_ connection: ServerConnection) {
    guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
    configuration.statistics.didClose()
    if connections.isEmpty { drained?.fire(()) }
  }

  /// The present time as an HTTP date, made once a second.
  var dateBytes: [UInt8] {
    let now = WallClock.seconds
    if date.second != now { date = (now, HTTPDate(seconds: now).bytes) }
    return date.bytes
  }

  func drain(within grace: Duration) async throws -> Bool {
    listener?.close()
    listener = nil
    isDraining = true
    for connection in connections.values { connection.closeIfIdle() }
    guard !connections.isEmpty else { return true }
    let event = LoopEvent<Void>()
    drained = event
    let timer = loop.schedule(after: grace) { event.fire(()) }
    await event.wait()
    timer.cancel()
    drained = nil
    return connections.isEmpty
  }

  /// Closes everything, and waits a little for the handlers to notice: what they still write down
  /// would be lost with the process.
  func close() async {
    listener?.close()
    listener = nil
    for connection in connections.values { connection.stop() }
    guard serving > 0 else { return }
    let ended = LoopSignal()
    allEnded = ended
    let timer = loop.schedule(after: Self.noticeTime) { ended.fire() }
    await ended.wait()
    timer.cancel()
    allEnded = nil
  }

  private static let noticeTime = Duration.seconds(1)

  /// Counts tasks that serve a connection.
  func didBeginServing() { serving += 1 }
  func didEndServing() {
    serving -= 1
    if serving == 0 { allEnded?.fire() }
  }

  /// A way to a shard from outside its loop.
  struct Reference: Sendable {
    private let shard: LoopBound<ServerShard>
    init(_ shard: ServerShard) { self.shard = LoopBound(shard, on: shard.loop) }

    func submit(_ body: @escaping @Sendable (ServerShard) -> Void) {
      shard.loop.submit { body(shard.value) }
    }

    func run<T: Sendable>(
      _ body: @escaping @Sendable (ServerShard) async throws -> T
    ) async throws -> T {
      try await shard.loop.run { try await body(shard.value) }
    }
  }
}
