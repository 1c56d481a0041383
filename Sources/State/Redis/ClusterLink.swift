internal import EventLoop
internal import Observability

/// A link to a Redis Cluster: a connection to each master that is needed, and one to hear
/// announcements, which the servers pass on among themselves. Loop-bound.
/// https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
final class ClusterLink: RedisLink {
  private let opener: RedisOpener
  private let events: RedisLinkEvents
  private let channel: String
  private var task: Task<Void, Never>?
  private var map = ClusterMap()
  private var nodes: [RedisURL.Host: Node] = [:]
  private var digests = RedisScriptDigests()
  private var backoff = RedisBackoff()
  private var isOutageTold = false
  private var wasAvailable = false
  private var isRefreshing = false
  private(set) var isAvailable = false

  /// A server, while it is being connected to and after.
  private enum Node {
    case opening([(RedisConnection?, StateError?) -> Void])
    case open(RedisConnection)
  }

  /// How often a command follows a server's word that its key lies elsewhere.
  private static let redirections = 4
  private static let pingInterval = Duration.seconds(1)

  init(_ opener: RedisOpener, channel: String, _ events: RedisLinkEvents) {
    self.opener = opener
    self.channel = channel
    self.events = events
  }

  private var loop: EventLoop { opener.loop }

  func start() {
    task = loop.spawn { [self] in await run() }
  }

  func stop() {
    task?.cancel()
    isAvailable = false
    for case .open(let connection) in nodes.values { connection.close() }
    nodes = [:]
  }

  // MARK: Commands

  func send(_ command: RedisKeyCommand, _ done: @escaping RedisConnection.Handler) {
    guard let host = map[ClusterSlots.slot(of: command.key)] else {
      refresh()
      return done(.failure(StateError(.unavailable, "no server of the cluster has the key")))
    }
    send(command, to: host, asking: false, left: Self.redirections, done)
  }

  private func send(
    _ command: RedisKeyCommand, to host: RedisURL.Host, asking: Bool, left: Int,
    _ done: @escaping RedisConnection.Handler
  ) {
    withNode(host) { [self] connection, error in
      guard let connection else {
        refresh()
        return done(.failure(error ?? StateError(.unavailable, "\(host) is not connected")))
      }
      if asking { connection.send([Array("ASKING".utf8)]) { _ in } }
      connection.send(command, digests) { [weak self] result in
        guard let self, case .success(.error(let text)) = result else { return done(result) }
        follow(text, command, host, connection, left, done)
      }
    }
  }

  private func follow(
    _ text: String, _ command: RedisKeyCommand, _ host: RedisURL.Host,
    _ connection: RedisConnection, _ left: Int, _ done: @escaping RedisConnection.Handler
  ) {
    guard left > 0, let redirection = ClusterRedirection(text, asked: host) else {
      let fault = RedisFault(text)
      done(.failure(fault.error))
      if fault.endsConnection { connection.close(fault.error) }
      if fault.error.kind == .unavailable { refresh() }
      return
    }
    switch redirection {
    case .moved(let slot, let other):
      map.move(slot, to: other)
      refresh()
      send(command, to: other, asking: false, left: left - 1, done)
    case .ask(let other):
      send(command, to: other, asking: true, left: left - 1, done)
    }
  }

  // MARK: Servers

  /// Calls `body` with a connection to a server, which is made where there is none.
  private func withNode(
    _ host: RedisURL.Host, _ body: @escaping (RedisConnection?, StateError?) -> Void
  ) {
    switch nodes[host] {
    case .open(let connection) where connection.closed == nil: return body(connection, nil)
    case .opening(let waiting):
      nodes[host] = .opening(waiting + [body])
      return
    case .open, nil: break
    }
    nodes[host] = .opening([body])
    loop.spawn { [self] in
      do throws(StateError) { finish(host, try await connect(host), nil) } catch {
        finish(host, nil, error)
      }
    }
  }

  private func finish(
    _ host: RedisURL.Host, _ connection: RedisConnection?, _ error: StateError?
  ) {
    guard case .opening(let waiting) = nodes[host] else {
      connection?.close()
      return
    }
    if let connection {
      nodes[host] = .open(connection)
      connection.whenClosed = { [weak self] _ in
        self?.nodes[host] = nil
        self?.refresh()
      }
    } else {
      nodes[host] = nil
    }
    for body in waiting { body(connection, error) }
  }

  private func connect(_ host: RedisURL.Host) async throws(StateError) -> RedisConnection {
    let connection = try await opener.open(host)
    do throws(StateError) {
      try await opener.introduce(connection, password: opener.url.password)
      try await digests.load(on: connection)
      return connection
    } catch {
      connection.close()
      throw error
    }
  }

  // MARK: Map

  /// Reads the map anew, on the side.
  private func refresh() {
    guard isAvailable, !isRefreshing else { return }
    isRefreshing = true
    loop.spawn { [self] in
      // Not again and again while the servers have not agreed yet.
      try? await loop.sleep(for: .milliseconds(100))
      _ = try? await readMap()
      isRefreshing = false
    }
  }

  /// Asks the servers, those that are known and those that were named, for the map.
  /// - Returns: the one that answered.
  private func readMap() async throws(StateError) -> RedisURL.Host {
    var last = StateError(.unavailable, "no server of the cluster can be reached")
    for host in map.masters + opener.url.hosts {
      do throws(StateError) {
        let connection = try await opener.open(host)
        defer { connection.close() }
        try await opener.introduce(connection, password: opener.url.password)
        let reply = try await connection.call("CLUSTER", "SLOTS")
        if case .error(let text) = reply { throw RedisFault(text).error }
        guard let new = ClusterMap(reply, asked: host) else {
          throw StateError(.unavailable, "\(host) knows no cluster")
        }
        map = new
        return host
      } catch {
        last = error
      }
    }
    throw last
  }

  // MARK: Connecting

  private func run() async {
    while !Task.isCancelled {
      let reason = await serve()
      isAvailable = false
      if Task.isCancelled { return }
      if !isOutageTold {
        isOutageTold = true
        events.unavailable(reason.description)
      }
      try? await loop.sleep(for: backoff.next())
    }
  }

  /// Connects, and returns when announcements are no longer heard.
  private func serve() async -> StateError {
    var opened: [RedisConnection] = []
    defer { for connection in opened { connection.close() } }
    do throws(StateError) {
      let host = try await readMap()
      let subscriber = try await opener.open(host)
      opened.append(subscriber)
      try await opener.introduce(subscriber, password: opener.url.password)
      try await subscriber.setClock(events.clock, loop: loop)
      try await digests.load(on: subscriber)
      subscriber.onMessage = events.message
      let reply = try await subscriber.call("SUBSCRIBE", channel)
      if case .error(let text) = reply { throw RedisFault(text).error }
      let end = LoopEvent<StateError>()
      subscriber.whenClosed = { end.fire($0) }
      if let error = subscriber.closed { throw error }
      isAvailable = true
      try await checkSchema()
      if wasAvailable { events.statistics.reconnected() }
      (wasAvailable, isOutageTold) = (true, false)
      events.available()
      let pings = loop.schedule(after: Self.pingInterval, repeating: Self.pingInterval) {
        [weak subscriber] in
        // Allowed on a connection that is subscribed: its answer shows that the server is there.
        subscriber?.send([Array("PING".utf8)]) { _ in }
      }
      let reason = await end.wait()
      pings.cancel()
      backoff.reset()
      return reason
    } catch {
      return error
    }
  }

  /// Makes sure that whoever else writes into this store means the same.
  private func checkSchema() async throws(StateError) {
    let key = Array((opener.url.prefix + "{schema}version").utf8)
    _ = try await call(RedisKeyCommand("SET", key: key, [RedisSchema.version, "NX"]))
    let found = try await call(RedisKeyCommand("GET", key: key)).text
    guard found == RedisSchema.version else {
      throw StateError(
        .unavailable, "another version of Easel writes there (schema \(found ?? "?"))")
    }
  }

  private func call(_ command: RedisKeyCommand) async throws(StateError) -> RedisReply {
    let event = LoopEvent<Result<RedisReply, StateError>>()
    send(command) { event.fire($0) }
    return try await event.wait().get()
  }
}
