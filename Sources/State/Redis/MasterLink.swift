internal import EventLoop

/// A link to the one server that holds everything: the one that is named, or the master that the
/// sentinels know. Loop-bound.
final class MasterLink: RedisLink {
  private let opener: RedisOpener
  private let events: RedisLinkEvents
  private let schema: RedisSchema
  private let keeper: RedisKeeper
  private let sentinels: SentinelDirectory
  private var commands: RedisConnection?
  private var digests = RedisScriptDigests()
  private var isAsking = false

  /// How often a server that nobody asks is asked whether it is there, and still the master.
  private static let checkInterval = Duration.seconds(1)

  init(_ opener: RedisOpener, _ schema: RedisSchema, _ events: RedisLinkEvents) {
    self.opener = opener
    self.schema = schema
    self.events = events
    keeper = RedisKeeper(opener.loop, events)
    sentinels = SentinelDirectory(opener)
  }

  func start() { keeper.start { [self] () throws(StateError) in try await serve() } }

  func stop() {
    keeper.stop()
    sentinels.close()
  }

  func send(_ command: RedisKeyCommand, _ done: @escaping RedisConnection.Handler) {
    guard let commands else {
      return done(.failure(StateError(.unavailable, "Redis is not connected")))
    }
    commands.send(command, digests) { [weak commands] result in
      guard case .success(.error(let text)) = result else { return done(result) }
      let fault = RedisFault(text)
      done(.failure(fault.error))
      // A server that is no master any more, or lets us in no more: look for the one that is.
      if fault.endsConnection { commands?.close(fault.error) }
    }
  }

  // MARK: Connecting

  /// The server, where it is now.
  private enum Server {
    case socket
    case host(RedisURL.Host)
  }

  /// Connects, and returns when the connection is over.
  private func serve() async throws(StateError) -> StateError {
    defer { commands = nil }
    let server: Server =
      switch opener.url.form {
      case .unixSocket: .socket
      case .sentinel: .host(try await sentinels.master())
      case .single, .cluster: .host(opener.url.hosts[0])
      }
    let connection: RedisConnection
    let showsRole: Bool
    do throws(StateError) {
      connection = try await open(server, database: opener.url.database)
      showsRole = try await checkRole(connection)
    } catch {
      // A sentinel that is cut off from the others names the master of old.
      sentinels.next()
      throw error
    }
    try await checkSchema(connection)
    let clock = try await RedisClock(events.clock, by: connection)
    digests = try await .load(on: connection)
    let subscriber = try await open(server)
    subscriber.onMessage = events.message
    let reply = try await subscriber.call("SUBSCRIBE", schema.channel)
    if case .error(let text) = reply { throw RedisFault(text).error }
    _ = try await RedisProbe(schema).run { connection.send($0, digests, $1) }
    let end = keeper.firstEnd()
    commands = connection
    try keeper.connected()
    let checks = opener.loop.schedule(
      after: Self.checkInterval, repeating: Self.checkInterval
    ) { [self] in
      if case .host(let host) = server, opener.url.form == .sentinel { askAgain(host, connection) }
      clock.check(by: connection, events.replaced)
      Self.check(connection, by: showsRole ? "ROLE" : "PING")
      schema.keepVersion(by: self, lost: events.replaced) { [weak connection] in
        connection?.close($0)
      }
      // Allowed on a connection that is subscribed: its answer shows that the server is there.
      Self.check(subscriber, by: "PING")
    }
    defer { checks.cancel() }
    return await end.wait()
  }

  private func open(
    _ server: Server, database: Int = 0
  ) async throws(StateError) -> RedisConnection {
    let connection =
      switch server {
      case .socket: try opener.openSocket()
      case .host(let host): try await opener.open(host)
      }
    try keeper.keep(connection)
    try await opener.introduce(
      connection, password: opener.url.password, database: database)
    return connection
  }

  // MARK: Checks

  /// - Returns: whether this user may ask. Who may not finds out by the first writing.
  private func checkRole(_ connection: RedisConnection) async throws(StateError) -> Bool {
    let reply = try await connection.call("ROLE")
    if let error = Self.roleFault(reply) { throw error }
    return reply.elements != nil
  }

  private static func check(_ connection: RedisConnection, by command: String) {
    connection.send([Array(command.utf8)]) { [weak connection] result in
      guard case .success(let reply) = result, let error = roleFault(reply) else { return }
      connection?.close(error)
    }
  }

  /// Leaves a master that the sentinels have replaced by another, which answers as one. The old one,
  /// where it lives, takes itself for the master for some seconds longer.
  private func askAgain(_ host: RedisURL.Host, _ connection: RedisConnection) {
    guard !isAsking else { return }
    isAsking = true
    opener.loop.spawn { [self] in
      defer { isAsking = false }
      guard let other = try? await sentinels.master(), other != host, connection.closed == nil,
        let candidate = try? await opener.open(other)
      else { return }
      defer { candidate.close() }
      guard (try? await opener.introduce(candidate, password: opener.url.password)) != nil,
        (try? await checkRole(candidate)) == true
      else { return }
      connection.close(StateError(.unavailable, "the sentinels have made \(other) the master"))
    }
  }

  /// What is wrong with a server, by its answer to `ROLE` or `PING`.
  private static func roleFault(_ reply: RedisReply) -> StateError? {
    if case .error(let text) = reply {
      let fault = RedisFault(text)
      return fault.endsConnection ? fault.error : nil
    }
    // A subscribed connection answers a PING with an array too.
    guard let role = reply.elements?.first?.text, role != "master", role != "pong" else {
      return nil
    }
    return StateError(.unavailable, "the server is no master but a \(role.prefix(16))")
  }

  private func checkSchema(_ connection: RedisConnection) async throws(StateError) {
    let commands = schema.versionCommands
    let written = try await connection.call(commands.write.words(nil))
    let read = try await connection.call(commands.read.words(nil))
    try schema.check(written: written, read: read)
    if schema.isNew(written: written) {
      _ = try await connection.call(schema.lossAnnouncement.words(nil))
    }
  }
}
