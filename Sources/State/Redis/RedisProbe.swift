internal import EventLoop

/// Finds out whether the user may do all that the store does. Redis asks for that at each command of
/// a script, and does not undo those before it: for want of one right a value would be stored, and
/// announced to nobody.
struct RedisProbe {
  /// What an ACL user may have to do, besides `~PREFIX*` and `&PREFIX*`.
  static let rights =
    "+@hash +get +set +del +pexpire +publish +subscribe +eval +evalsha +script|load +time +ping "
    + "+role +select +client|setname"

  /// The name of what is stored meanwhile, and announced: none of a breaker.
  static let key = StateKey(group: "probe", name: "rights")

  private let schema: RedisSchema

  init(_ schema: RedisSchema) { self.schema = schema }

  /// All that the scripts do, and the removal of what they leave. One script is sent in full: so is
  /// any that the server has forgotten.
  private var commands: [RedisKeyCommand] {
    let lifetime = Duration.seconds(5)
    // What the first part has left is thrown away for the second.
    let counts = [Int64(1), 100].map { part in
      schema.counting(
        Self.key, by: "probe", [part: [1]],
        over: CountedWindow(newest: part, parts: 1, counters: 1), lifetime: lifetime)
    }
    return [
      schema.setting(Self.key, "*", to: [], lifetime: lifetime, announced: true),
      counts[0].inFull, counts[1],
      RedisKeyCommand("DEL", key: schema.value(Self.key)),
      RedisKeyCommand("DEL", key: schema.window(Self.key)),
    ]
  }

  /// Does it all. That a server refuses it for another reason, being full, is no matter here.
  /// - Parameter send: sends a command, and hands over what the server says to it.
  /// - Returns: whether the server could be asked.
  /// - Throws: `StateError` that says what the user may not do.
  func run(
    _ send: (RedisKeyCommand, @escaping RedisConnection.Handler) -> Void
  ) async throws(StateError) -> Bool {
    let answers = commands.map { command in
      let answer = LoopEvent<Result<RedisReply, StateError>>()
      send(command) { answer.fire($0) }
      return answer
    }
    var isAnswered = true
    var missing: StateError?
    for answer in answers {
      switch await answer.wait() {
      case .success(.error(let text)):
        let fault = RedisFault(text)
        if fault.isPermission { missing = missing ?? fault.error }
      case .success: break
      case .failure: isAnswered = false
      }
    }
    guard let missing else { return isAnswered }
    throw StateError(
      .unavailable,
      "\(missing); it needs ~\(schema.prefix)* &\(schema.prefix)* \(Self.rights)")
  }
}
