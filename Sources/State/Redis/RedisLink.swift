internal import EventLoop

/// Connections to whoever holds the data, however many servers that are. Loop-bound.
protocol RedisLink: AnyObject {
  /// Begins to connect, and goes on until ``stop()``.
  func start()
  /// Closes everything.
  func stop()
  /// Whether commands can be sent.
  var isAvailable: Bool { get }
  /// Sends a command about a key to the server that has it.
  func send(_ command: RedisKeyCommand, _ done: @escaping RedisConnection.Handler)
}

/// A command about one key.
struct RedisKeyCommand {
  /// The key's name; what decides where it lies stands in braces.
  let key: [UInt8]
  /// The words of the command; `sha` is nil where the server does not know the script.
  let words: (_ sha: String?) -> [[UInt8]]
  /// The script, if it is one.
  let script: RedisScript?

  init(_ script: RedisScript, key: [UInt8], _ arguments: [[UInt8]]) {
    self.key = key
    self.script = script
    words = { script.command(sha: $0, key: key, arguments) }
  }

  init(_ name: String, key: [UInt8], _ arguments: [String] = []) {
    self.key = key
    script = nil
    words = { _ in [Array(name.utf8), key] + arguments.map { Array($0.utf8) } }
  }
}

/// What a link tells its store.
struct RedisLinkEvents {
  let available: () -> Void
  let unavailable: (String) -> Void
  let message: ([UInt8]) -> Void
  let statistics: StateStatistics
  let clock: SharedClock
}

/// The digests of the scripts; the same on every server.
struct RedisScriptDigests {
  private var digests: [RedisScript: String] = [:]

  subscript(script: RedisScript) -> String? { digests[script] }

  /// Has a server load the scripts.
  mutating func load(on connection: RedisConnection) async throws(StateError) {
    for script in RedisScript.allCases {
      let reply = try await connection.call("SCRIPT", "LOAD", script.text)
      if case .error(let text) = reply { throw RedisFault(text).error }
      digests[script] = reply.text
    }
  }
}

extension RedisConnection {
  /// Sends a command; a script that the server has forgotten, after a flush or a fail-over, is sent
  /// in full.
  func send(
    _ command: RedisKeyCommand, _ digests: RedisScriptDigests, _ done: @escaping Handler
  ) {
    let sha = command.script.flatMap { digests[$0] }
    send(command.words(sha)) { [weak self] result in
      guard case .success(let reply) = result, reply.errorCode == "NOSCRIPT", sha != nil, let self
      else { return done(result) }
      send(command.words(nil), done)
    }
  }

  /// Makes sure that whoever else writes into this store means the same.
  func checkSchema(prefix: String) async throws(StateError) {
    let key = prefix + "{schema}version"
    _ = try await call("SET", key, RedisSchema.version, "NX")
    let reply = try await call("GET", key)
    if case .error(let text) = reply { throw RedisFault(text).error }
    guard reply.text == RedisSchema.version else {
      throw StateError(
        .unavailable,
        "another version of Easel writes there (schema \(reply.text ?? "?"), this one needs "
          + "\(RedisSchema.version)); give one of them another prefix")
    }
  }

  /// Sets a clock by the server's.
  func setClock(_ clock: SharedClock, loop: EventLoop) async throws(StateError) {
    let sent = EventLoop.nanoseconds
    let reply = try await call("TIME")
    guard let parts = reply.elements, parts.count == 2, let seconds = parts[0].integer,
      let micros = parts[1].integer
    else {
      throw StateError(.malformed, "the server does not tell its time")
    }
    let halfWay = Int64((EventLoop.nanoseconds - sent) / 2_000_000)
    clock.set(to: seconds * 1000 + micros / 1000 + halfWay)
  }
}

/// What is written, and how.
enum RedisSchema {
  /// Raised when keys or values change their meaning.
  static let version = "1"
}

/// How long to wait before connecting again: twice as long each time, at random.
struct RedisBackoff {
  private var attempt = 0
  private static let base = 100
  private static let cap = 10_000

  /// Begins anew, after a connection that worked.
  mutating func reset() { attempt = 0 }

  /// The next wait: full jitter, and never nothing.
  mutating func next() -> Duration {
    let longest = min(Self.cap, Self.base << min(attempt, 10))
    attempt += 1
    return .milliseconds(Int.random(in: Self.base / 2...longest))
  }
}
