internal import EventLoop

/// The connection to one server of a cluster: made when it is needed, and kept. Loop-bound.
///
/// After a failure the server is left alone for a moment, and what it would be asked fails at once.
final class ClusterNode {
  let host: RedisURL.Host
  private let opener: RedisOpener
  /// Called when the server cannot be reached, or no longer.
  private let lost: () -> Void
  /// Called when the server is connected.
  private let connected: () -> Void
  private var phase = Phase.idle
  private var backoff = RedisBackoff()
  private var digests = RedisScriptDigests()

  private enum Phase {
    case idle
    /// Commands wait for the connection.
    case opening([Waiting])
    case open(RedisConnection, since: UInt64)
    case resting(until: UInt64, StateError)
    case closed
  }

  private typealias Waiting = (Result<RedisConnection, StateError>) -> Void

  /// Commands that may wait for the connection.
  private static let capacity = 10_000

  init(
    _ host: RedisURL.Host, _ opener: RedisOpener, connected: @escaping () -> Void,
    lost: @escaping () -> Void
  ) {
    self.host = host
    self.opener = opener
    self.connected = connected
    self.lost = lost
  }

  /// Whether nothing is under way.
  var isIdle: Bool {
    switch phase {
    case .opening: false
    case .open(let connection, _): connection.isIdle
    case .idle, .resting, .closed: true
    }
  }

  /// Sends a command.
  /// - Parameter asking: whether the server is asked by the word of another one, while a slot moves.
  func send(
    _ command: RedisKeyCommand, asking: Bool, _ done: @escaping RedisConnection.Handler
  ) {
    whenOpen { [self] result in
      switch result {
      case .failure(let error): done(.failure(error))
      case .success(let connection):
        guard asking else { return connection.send(command, digests, done) }
        // It holds for the one next command: so the script is not tried by its digest first.
        connection.send([Array("ASKING".utf8)]) { _ in }
        connection.send(command.words(nil), done)
      }
    }
  }

  /// Whether the server is connected.
  var isOpen: Bool { if case .open = phase { true } else { false } }

  /// Connects, if that is not so yet, and returns when it has succeeded or failed.
  func prepare() async {
    let event = LoopEvent<Void>()
    whenOpen { _ in event.fire(()) }
    await event.wait()
  }

  /// Closes the connection: the server is not the one to ask, or does not let us in.
  func drop(_ error: StateError) {
    if case .open(let connection, _) = phase { connection.close(error) }
  }

  /// Closes everything, for good.
  func close() {
    let error = StateError(.closed, "the store is closed")
    let old = phase
    phase = .closed
    switch old {
    case .open(let connection, _): connection.close(error)
    case .opening(let waiting): for body in waiting { body(.failure(error)) }
    case .idle, .resting, .closed: break
    }
  }

  // MARK: Connecting

  private func whenOpen(_ body: @escaping Waiting) {
    switch phase {
    case .open(let connection, _): body(.success(connection))
    case .closed: body(.failure(StateError(.closed, "the store is closed")))
    case .resting(let until, let error) where EventLoop.nanoseconds < until:
      body(.failure(error))
    case .opening(let waiting):
      guard waiting.count < Self.capacity else {
        return body(.failure(StateError(.unavailable, "too many commands are under way")))
      }
      phase = .opening(waiting + [body])
    case .idle, .resting:
      phase = .opening([body])
      opener.loop.spawn { [self] in await open() }
    }
  }

  private func open() async {
    // Nobody waits for a connection longer than for an answer.
    let timer = opener.loop.schedule(
      after: opener.url.timeout, repeating: opener.url.timeout
    ) { [self] in
      guard case .opening(let waiting) = phase else { return }
      phase = .opening([])
      let error = StateError(.unavailable, "\(host) is not connected yet")
      for body in waiting { body(.failure(error)) }
    }
    defer { timer.cancel() }
    do throws(StateError) {
      let connection = try await opener.open(host)
      do throws(StateError) {
        try await opener.introduce(connection, password: opener.url.password)
        let digests: RedisScriptDigests = try await .load(on: connection)
        opened(connection, digests)
      } catch {
        connection.close()
        throw error
      }
    } catch {
      failed(error)
    }
  }

  private func opened(_ connection: RedisConnection, _ digests: RedisScriptDigests) {
    guard case .opening(let waiting) = phase else { return connection.close() }
    if let error = connection.closed { return failed(error) }
    self.digests = digests
    phase = .open(connection, since: EventLoop.nanoseconds)
    connection.whenClosed = { [weak self] in self?.ended($0) }
    for body in waiting { body(.success(connection)) }
    connected()
  }

  private func failed(_ error: StateError) {
    guard case .opening(let waiting) = phase else { return }
    rest(error)
    for body in waiting { body(.failure(error)) }
  }

  private func ended(_ error: StateError) {
    guard case .open(_, let since) = phase else { return }
    backoff.ended(after: .nanoseconds(EventLoop.nanoseconds - since))
    rest(error)
  }

  private func rest(_ error: StateError) {
    let wait = backoff.next().milliseconds * 1_000_000
    phase = .resting(
      until: EventLoop.nanoseconds + wait,
      StateError(.unavailable, "\(host) is not connected: \(error)"))
    lost()
  }
}
