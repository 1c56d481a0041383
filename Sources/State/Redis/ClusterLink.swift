internal import EventLoop

/// A link to a Redis Cluster: a connection to each master, and two to one of them, to ask for the
/// map and to hear announcements, which the servers pass on among themselves. Loop-bound.
/// https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
final class ClusterLink: RedisLink {
  private let opener: RedisOpener
  private let events: RedisLinkEvents
  private let schema: RedisSchema
  private let keeper: RedisKeeper
  private var map = ClusterMap()
  private var nodes: [RedisURL.Host: ClusterNode] = [:]
  /// Answers for the map, and tells what is announced, while the link is connected.
  private var guide: ClusterGuide?
  private var isRefreshing = false
  /// Whether commands can be sent. A server that is connected later than that may have lost something.
  private var isConnected = false
  /// Whether a server has been asked what the user may do.
  private var isProbed = false
  /// Whether the cluster is not to be used: another version of Easel writes there, or the user may
  /// not do all that is needed.
  private var isBarred = false

  /// How often a command follows a server's word that its key lies elsewhere.
  private static let redirections = 4
  private static let checkInterval = Duration.seconds(1)
  /// Between two looks at the map, which the servers may not have agreed upon yet.
  private static let refreshInterval = Duration.milliseconds(100)

  init(_ opener: RedisOpener, _ schema: RedisSchema, _ events: RedisLinkEvents) {
    self.opener = opener
    self.schema = schema
    self.events = events
    keeper = RedisKeeper(opener.loop, events)
  }

  func start() { keeper.start { [self] () throws(StateError) in try await serve() } }

  func stop() {
    keeper.stop()
    let all = nodes.values
    nodes = [:]
    for node in all { node.close() }
  }

  // MARK: Commands

  func send(_ command: RedisKeyCommand, _ done: @escaping RedisConnection.Handler) {
    guard let host = map[ClusterSlots.slot(of: command.key)] else {
      refresh()
      return done(.failure(Self.nowhere))
    }
    send(command, to: host, asking: false, left: Self.redirections, done)
  }

  private static let nowhere = StateError(.unavailable, "no server of the cluster has the key")

  private func send(
    _ command: RedisKeyCommand, to host: RedisURL.Host, asking: Bool, left: Int,
    _ done: @escaping RedisConnection.Handler
  ) {
    guard !keeper.isStopped else {
      return done(.failure(StateError(.closed, "the store is closed")))
    }
    node(host).send(command, asking: asking) { [weak self] result in
      guard let self, case .success(.error(let text)) = result else { return done(result) }
      follow(text, command, host, left, done)
    }
  }

  private func follow(
    _ text: String, _ command: RedisKeyCommand, _ host: RedisURL.Host, _ left: Int,
    _ done: @escaping RedisConnection.Handler
  ) {
    guard left > 0, let redirection = ClusterRedirection(text, asked: host) else {
      let fault = RedisFault(text)
      done(.failure(fault.error))
      if fault.endsConnection { nodes[host]?.drop(fault.error) }
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

  private func node(_ host: RedisURL.Host) -> ClusterNode {
    if let node = nodes[host] { return node }
    let node = ClusterNode(
      host, opener,
      connected: { [weak self] in self?.connected(host) },
      lost: { [weak self] in
        self?.events.statistics.connectionFailed()
        self?.refresh()
      })
    nodes[host] = node
    return node
  }

  /// A server that comes later may have lost what it had, or know of another version of Easel.
  private func connected(_ host: RedisURL.Host) {
    guard isConnected else { return }
    events.replaced()
    if map[ClusterSlots.slot(of: schema.versionCommands.read.key)] == host { keepVersion() }
  }

  // MARK: Map

  /// Reads the map anew, on the side.
  private func refresh() {
    guard let guide, !isRefreshing else { return }
    isRefreshing = true
    opener.loop.spawn { [self] in
      defer { isRefreshing = false }
      try? await opener.loop.sleep(for: Self.refreshInterval)
      guard let new = try? await ClusterGuide.map(guide.connection, of: guide.host),
        !keeper.isStopped
      else {
        return
      }
      take(new)
    }
  }

  /// Connects to the servers that are not connected, and looks who has taken their place. Without
  /// this nobody would find out before the next command, nor learn what was lost.
  private func reconnect() {
    for node in map.masters.map(node) where !node.isOpen {
      refresh()
      opener.loop.spawn { await node.prepare() }
    }
  }

  private func take(_ new: ClusterMap) {
    map = new
    // A server without slots may still be one that a slot moves to.
    for (host, node) in nodes where !map.masters.contains(host) && node.isIdle {
      nodes[host] = nil
      node.close()
    }
  }

  // MARK: Connecting

  /// Connects, and returns when nobody tells any more what is announced.
  private func serve() async throws(StateError) -> StateError {
    defer { (guide, isConnected, isProbed, isBarred) = (nil, false, false, false) }
    var current = try await findGuide()
    let clock = try await RedisClock(events.clock, by: current.connection)
    for master in map.masters where !keeper.isStopped { await node(master).prepare() }
    let isNew = try await checkSchema()
    try await probe()
    guide = current
    var end = keeper.firstEnd(isLoss: false)
    try keeper.connected()
    isConnected = true
    if isNew { send(schema.lossAnnouncement) { _ in } }
    let checks = opener.loop.schedule(
      after: Self.checkInterval, repeating: Self.checkInterval
    ) { [self] in
      reconnect()
      if let guide {
        guide.check()
        clock.check(by: guide.connection, events.replaced)
      }
      keepVersion()
      if !isProbed { probeLate() }
    }
    defer { checks.cancel() }
    while true {
      let reason = await end.wait()
      guide = nil
      keeper.discard(current.connection)
      keeper.discard(current.subscriber)
      guard current.isProven, !isBarred, !keeper.isStopped else { return reason }
      // The other servers can be asked as before, and any of them tells as much as this one did.
      do throws(StateError) { current = try await findGuide(last: current.host) } catch {
        return reason
      }
      guide = current
      end = keeper.firstEnd(isLoss: false)
      events.statistics.reconnected()
      // What was announced meanwhile was not heard.
      events.replaced()
    }
  }

  /// Asks the servers, those that are known and those that were named, for the map, and listens to
  /// the first that has it.
  /// - Parameter last: the one to ask after all others.
  private func findGuide(last: RedisURL.Host? = nil) async throws(StateError) -> ClusterGuide {
    var failure = StateError(.unavailable, "no server of the cluster can be reached")
    let hosts = map.masters + opener.url.hosts.filter { !map.masters.contains($0) }
    for host in hosts.filter({ $0 != last }) + hosts.filter({ $0 == last }) {
      var opened: [RedisConnection] = []
      do throws(StateError) {
        for _ in 0..<2 {
          let connection = try await opener.open(host)
          opened.append(connection)
          try keeper.keep(connection)
        }
        try await introduce(opened[0], to: host)
        try await subscribe(opened[1])
        return ClusterGuide(host: host, connection: opened[0], subscriber: opened[1])
      } catch {
        for connection in opened { keeper.discard(connection) }
        failure = error
      }
    }
    throw failure
  }

  private func subscribe(_ connection: RedisConnection) async throws(StateError) {
    try await opener.introduce(connection, password: opener.url.password)
    connection.onMessage = events.message
    let reply = try await connection.call("SUBSCRIBE", schema.channel)
    if case .error(let text) = reply { throw RedisFault(text).error }
  }

  /// Reads the map from a server that is part of a cluster which works.
  private func introduce(
    _ connection: RedisConnection, to host: RedisURL.Host
  ) async throws(StateError) {
    try await opener.introduce(connection, password: opener.url.password)
    try await ClusterGuide.checkCluster(connection, of: host)
    take(try await ClusterGuide.map(connection, of: host))
  }

  // MARK: Conditions

  /// Makes sure that nobody else means something else. Where the one server that knows is away, the
  /// others are used without it: it is asked as soon as it is connected.
  /// - Returns: whether nothing was written there.
  private func checkSchema() async throws(StateError) -> Bool {
    let commands = schema.versionCommands
    var written = RedisReply.null
    do throws(StateError) { written = try await call(commands.write) } catch {
      switch error.kind {
      // A server that takes no writings for the moment, being full, can still be read.
      case .refused: break
      case .unavailable, .timedOut:
        guard map.masters.contains(where: { nodes[$0]?.isOpen == true }) else { throw error }
        return false
      case .malformed, .closed: throw error
      }
    }
    try schema.check(written: written, read: try await call(commands.read))
    return schema.isNew(written: written)
  }

  private func keepVersion() {
    schema.keepVersion(by: self, lost: events.replaced) { [self] in bar($0) }
  }

  /// Has the rights of the user looked at, which one server does for all: they are given the same.
  private func probe() async throws(StateError) {
    isProbed = try await RedisProbe(schema).run { [self] command, done in
      guard !keeper.isStopped, let host = map[ClusterSlots.slot(of: command.key)] else {
        return done(.failure(Self.nowhere))
      }
      node(host).send(command, asking: false, done)
    }
  }

  /// Does so again where the server could not be asked, while the others are used.
  private func probeLate() {
    opener.loop.spawn { [self] in
      do throws(StateError) { try await probe() } catch { bar(error) }
    }
  }

  /// Leaves the cluster.
  private func bar(_ error: StateError) {
    isBarred = true
    guide?.connection.close(error)
  }

  private func call(_ command: RedisKeyCommand) async throws(StateError) -> RedisReply {
    let event = LoopEvent<Result<RedisReply, StateError>>()
    send(command) { event.fire($0) }
    return try await event.wait().get()
  }
}
