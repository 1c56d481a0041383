internal import EventLoop

/// The connections of one loop to one origin. Loop-bound.
///
/// The newest idle connection is used first, so that the others grow old and are closed.
final class ConnectionPool {
  private let configuration: HTTPClientConfiguration
  private var idle: [ClientConnection] = []
  private var open = 0
  private var waiters: [Waiter] = []

  private final class Waiter {
    let turn = LoopEvent<Grant>()
  }

  private enum Grant: Sendable {
    case connectionFreed
    case gaveUp
  }

  init(_ configuration: HTTPClientConfiguration) { self.configuration = configuration }

  var isUnused: Bool { open == 0 && waiters.isEmpty }

  /// An idle connection, or nil with the right to open one.
  func acquire(
    fresh: Bool, loop: EventLoop, timeout: Duration
  ) async throws(HTTPClientError) -> ClientConnection? {
    while true {
      if !fresh, let connection = takeIdle() { return connection }
      if open < configuration.connectionsPerOrigin {
        open += 1
        return nil
      }
      // A caller that wants a new connection takes the place of an idle one.
      if fresh, let connection = takeIdle() {
        connection.close()
        return nil
      }
      guard waiters.count < configuration.waitersPerOrigin else { throw Self.exhausted }
      try await waitForTurn(loop, timeout)
    }
  }

  private func waitForTurn(
    _ loop: EventLoop, _ timeout: Duration
  ) async throws(HTTPClientError) {
    let waiter = Waiter()
    waiters.append(waiter)
    let timer = loop.schedule(after: timeout) { waiter.turn.fire(.gaveUp) }
    defer { timer.cancel() }
    let grant: Grant
    do {
      grant = try await loop.withCancellation({ waiter.turn.fire(.gaveUp) }) {
        await waiter.turn.wait()
      }
    } catch {
      throw .cancelled
    }
    guard case .connectionFreed = grant else {
      if let index = waiters.firstIndex(where: { $0 === waiter }) {
        waiters.remove(at: index)
      } else {
        // Its turn came while it gave up: the turn is the next one's.
        wakeNext()
      }
      throw Task.isCancelled ? .cancelled : Self.exhausted
    }
  }

  private static let exhausted = HTTPClientError(
    .poolExhausted, mayHaveBeenSent: false, "too many requests wait for a connection")

  private func takeIdle() -> ClientConnection? {
    while let connection = idle.popLast() {
      connection.becomeBusy()
      if connection.isStillUsable { return connection }
      connection.close()
      open -= 1
    }
    return nil
  }

  /// Takes a connection back after a request.
  func release(_ connection: ClientConnection) {
    guard connection.isReusable, idle.count < configuration.idleConnectionsPerOrigin else {
      connection.close()
      return forget()
    }
    connection.becomeIdle()
    connection.whenClosedIdle = { [weak self] connection in
      guard let self else { return }
      idle.removeAll { $0 === connection }
      forget()
    }
    idle.append(connection)
    wakeNext()
  }

  /// Counts a connection that could not be opened, or was closed, as gone.
  func forget() {
    open -= 1
    wakeNext()
  }

  private func wakeNext() {
    guard !waiters.isEmpty else { return }
    waiters.removeFirst().turn.fire(.connectionFreed)
  }

  func closeIdle() {
    for connection in idle {
      connection.whenClosedIdle = nil
      connection.close()
      open -= 1
    }
    idle = []
  }
}
