internal import EventLoop

/// Connections to whoever holds the data, however many servers that are. Loop-bound.
protocol RedisLink: AnyObject {
  /// Begins to connect, and goes on until ``stop()``.
  func start()
  /// Closes everything.
  func stop()
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

  private init(key: [UInt8], words: @escaping (_ sha: String?) -> [[UInt8]]) {
    (self.key, self.words, script) = (key, words, nil)
  }

  /// The same, of which the server is not asked whether it knows the script.
  var inFull: RedisKeyCommand { RedisKeyCommand(key: key, words: words) }
}

/// What a link tells its store.
struct RedisLinkEvents {
  /// Commands can be sent, and announcements are heard.
  let available: () -> Void
  /// A server of several was connected anew, while commands could be sent to the others.
  let replaced: () -> Void
  /// That is over, as of now.
  let lost: () -> Void
  /// Why, or why it has not begun; once for each outage.
  let unavailable: (String) -> Void
  /// What was announced.
  let message: ([UInt8]) -> Void
  let statistics: StateStatistics
  let clock: SharedClock
}

/// The digests of the scripts that a server has loaded.
struct RedisScriptDigests {
  private var digests: [RedisScript: String] = [:]

  subscript(script: RedisScript) -> String? { digests[script] }

  /// Has a server load the scripts. One that does not let this user load them is sent each script
  /// in full, each time.
  static func load(on connection: RedisConnection) async throws(StateError) -> RedisScriptDigests {
    var result = RedisScriptDigests()
    for script in RedisScript.allCases {
      let reply = try await connection.call("SCRIPT", "LOAD", script.text)
      if case .error(let text) = reply {
        let fault = RedisFault(text)
        guard fault.isPermission else { throw fault.error }
        continue
      }
      result.digests[script] = reply.text
    }
    return result
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
}
