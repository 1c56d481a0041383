internal import EventLoop
internal import Observability

/// A link to the one server that holds everything: the one that is named, or the master that the
/// sentinels know. Loop-bound.
final class MasterLink: RedisLink {
  private let opener: RedisOpener
  private let events: RedisLinkEvents
  private let channel: String
  private var task: Task<Void, Never>?
  private var commands: RedisConnection?
  private var digests = RedisScriptDigests()
  private var backoff = RedisBackoff()
  /// Whether the present outage has been told.
  private var isOutageTold = false
  private var wasAvailable = false
  private var sentinel = 0

  /// How often a server that nobody asks is asked whether it is there.
  private static let pingInterval = Duration.seconds(1)

  init(_ opener: RedisOpener, channel: String, _ events: RedisLinkEvents) {
    self.opener = opener
    self.channel = channel
    self.events = events
  }

  var isAvailable: Bool { commands != nil }

  func start() {
    task = opener.loop.spawn { [self] in await run() }
  }

  func stop() {
    task?.cancel()
    commands?.close()
    commands = nil
  }

  func send(_ command: RedisKeyCommand, _ done: @escaping RedisConnection.Handler) {
    guard let commands else {
      return done(.failure(StateError(.unavailable, "Redis is not connected")))
    }
    commands.send(command, digests) { [weak self] result in
      guard case .success(.error(let text)) = result else { return done(result) }
      let fault = RedisFault(text)
      done(.failure(fault.error))
      // A server that is no master any more, or lets us in no more: look for the one that is.
      if fault.endsConnection { self?.commands?.close(fault.error) }
    }
  }

  // MARK: Connecting

  private func run() async {
    while !Task.isCancelled {
      let reason = await serve()
      if Task.isCancelled { return }
      if !isOutageTold {
        isOutageTold = true
        events.unavailable(reason.description)
      }
      try? await opener.loop.sleep(for: backoff.next())
    }
  }

  /// Connects, and returns when the connection is over.
  private func serve() async -> StateError {
    var opened: [RedisConnection] = []
    defer { for connection in opened { connection.close() } }
    do throws(StateError) {
      let connection = try await connect(&opened)
      let subscriber = try await subscribe(&opened)
      let end = LoopEvent<StateError>()
      connection.whenClosed = { end.fire($0) }
      subscriber.whenClosed = { end.fire($0) }
      if let error = connection.closed ?? subscriber.closed { throw error }
      commands = connection
      if wasAvailable { events.statistics.reconnected() }
      (wasAvailable, isOutageTold) = (true, false)
      events.available()
      let pings = ping(connection)
      let reason = await end.wait()
      pings.cancel()
      commands = nil
      backoff.reset()
      return reason
    } catch {
      return error
    }
  }

  private func ping(_ connection: RedisConnection) -> LoopTimer {
    opener.loop.schedule(after: Self.pingInterval, repeating: Self.pingInterval) {
      connection.send([Array("PING".utf8)]) { [weak connection] result in
        if case .success(.error(let text)) = result { connection?.close(RedisFault(text).error) }
      }
    }
  }

  private func connect(_ opened: inout [RedisConnection]) async throws(StateError)
    -> RedisConnection
  {
    let connection = try await open()
    opened.append(connection)
    let url = opener.url
    try await opener.introduce(connection, password: url.password, database: url.database)
    // Users who may not ask for the role find out by their first writing.
    if let role = try await connection.call("ROLE").elements?.first?.text, role != "master" {
      throw StateError(.unavailable, "the server is a \(role), not the master")
    }
    try await connection.checkSchema(prefix: url.prefix)
    try await connection.setClock(events.clock, loop: opener.loop)
    try await digests.load(on: connection)
    return connection
  }

  private func subscribe(
    _ opened: inout [RedisConnection]
  ) async throws(StateError) -> RedisConnection {
    let subscriber = try await open()
    opened.append(subscriber)
    try await opener.introduce(subscriber, password: opener.url.password)
    subscriber.onMessage = events.message
    let reply = try await subscriber.call("SUBSCRIBE", channel)
    if case .error(let text) = reply { throw RedisFault(text).error }
    return subscriber
  }

  private func open() async throws(StateError) -> RedisConnection {
    switch opener.url.form {
    case .unixSocket: return try opener.openSocket()
    case .sentinel: return try await opener.open(try await askSentinels())
    case .single, .cluster: return try await opener.open(opener.url.hosts[0])
    }
  }

  // MARK: Sentinel

  /// Asks the sentinels, one after the other, who the master is.
  /// https://redis.io/docs/latest/develop/reference/sentinel-clients/
  private func askSentinels() async throws(StateError) -> RedisURL.Host {
    let hosts = opener.url.hosts
    var last = StateError(.unavailable, "no sentinel is named")
    for offset in hosts.indices {
      let index = (sentinel + offset) % hosts.count
      do throws(StateError) {
        let master = try await ask(hosts[index])
        // The one that answers is asked first the next time.
        sentinel = index
        return master
      } catch {
        last = error
      }
    }
    throw last
  }

  private func ask(_ host: RedisURL.Host) async throws(StateError) -> RedisURL.Host {
    let connection = try await opener.open(host)
    defer { connection.close() }
    if let password = opener.url.sentinelPassword {
      _ = try await connection.call("AUTH", password.reveal())
    }
    let reply = try await connection.call(
      "SENTINEL", "get-master-addr-by-name", opener.url.master)
    if case .error(let text) = reply { throw RedisFault(text).error }
    guard let parts = reply.elements, parts.count == 2, let name = parts[0].text,
      let port = parts[1].integer, (1...65535).contains(port)
    else {
      throw StateError(.unavailable, "\(host) knows no master '\(opener.url.master)'")
    }
    return RedisURL.Host(name: name, port: Int(port))
  }
}
