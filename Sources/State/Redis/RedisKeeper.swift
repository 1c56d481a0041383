internal import EventLoop

/// Has a link connected again and again, and tells each outage once. Loop-bound.
final class RedisKeeper {
  private let loop: EventLoop
  private let events: RedisLinkEvents
  private var task: Task<Void, Never>?
  private var backoff = RedisBackoff()
  /// Whether the present outage has been told.
  private var isOutageTold = false
  private var wasConnected = false
  private var connectedAt: UInt64?
  /// Connections that are closed at the latest when ``stop()`` is called.
  private var connections: [RedisConnection] = []
  private(set) var isStopped = false

  init(_ loop: EventLoop, _ events: RedisLinkEvents) {
    self.loop = loop
    self.events = events
  }

  /// Calls `serve` until ``stop()``, with a pause in between. It connects, calls ``connected()``, and
  /// returns why it is over when it is.
  func start(_ serve: @escaping () async throws(StateError) -> StateError) {
    task = loop.spawn { [self] in
      while !isStopped, !loop.isClosing {
        let reason: StateError
        do throws(StateError) { reason = try await serve() } catch { reason = error }
        if isStopped { return }
        events.statistics.connectionFailed()
        lost()
        closeAll(reason)
        if !isOutageTold {
          isOutageTold = true
          events.unavailable(reason.description)
        }
        try? await loop.sleep(for: backoff.next())
      }
    }
  }

  /// Keeps a connection until `serve` has returned.
  /// - Throws: `StateError` where it came too late: then it is closed.
  func keep(_ connection: RedisConnection) throws(StateError) {
    guard !isStopped else {
      connection.close()
      throw Self.closed
    }
    connections.append(connection)
  }

  /// Closes a connection that is not the one to keep.
  func discard(_ connection: RedisConnection) {
    connections.removeAll { $0 === connection }
    connection.close()
  }

  /// What tells that one of the connections that are kept is over, and why.
  /// - Parameter isLoss: whether nothing can be asked then.
  func firstEnd(isLoss: Bool = true) -> LoopEvent<StateError> {
    let end = LoopEvent<StateError>()
    for connection in connections {
      if let error = connection.closed { end.fire(error) }
      connection.whenClosed = { [self] reason in
        if isLoss { lost() }
        end.fire(reason)
      }
    }
    return end
  }

  /// Tells that commands can be sent and announcements are heard.
  /// - Throws: `StateError` where that is over already.
  func connected() throws(StateError) {
    guard !isStopped else { throw Self.closed }
    if let error = connections.lazy.compactMap(\.closed).first { throw error }
    if wasConnected { events.statistics.reconnected() }
    (wasConnected, isOutageTold, connectedAt) = (true, false, EventLoop.nanoseconds)
    events.available()
  }

  private func lost() {
    guard let connectedAt else { return }
    self.connectedAt = nil
    backoff.ended(after: .nanoseconds(EventLoop.nanoseconds - connectedAt))
    events.lost()
  }

  func stop() {
    isStopped = true
    task?.cancel()
    closeAll(Self.closed)
  }

  private static let closed = StateError(.closed, "the store is closed")

  private func closeAll(_ reason: StateError) {
    let all = connections
    connections = []
    for connection in all { connection.close(reason) }
  }
}
