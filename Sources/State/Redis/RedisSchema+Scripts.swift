extension RedisSchema {
  /// The command that stores a value if its revision is still `revision`, or whatever it is: `*`.
  func setting(
    _ key: StateKey, _ revision: String, to value: [UInt8], lifetime: Duration, announced: Bool
  ) -> RedisKeyCommand {
    RedisKeyCommand(
      .compareAndSet, key: self.value(key),
      [
        Array(revision.utf8), value, Array("\(lifetime.lifetimeMilliseconds)".utf8),
        announced ? Array(channel.utf8) : [], Array("\(key.group)\n\(key.name)".utf8),
      ])
  }

  /// The command that tells what a member has counted.
  func counting(
    _ key: StateKey, by member: String, _ told: PartCounts, over window: CountedWindow,
    lifetime: Duration
  ) -> RedisKeyCommand {
    var arguments = [
      "\(window.newest)", "\(window.parts)", "\(window.counters)",
      "\(lifetime.lifetimeMilliseconds)", member,
    ]
    for (part, counts) in told.sorted(by: { $0.key < $1.key }) {
      let missing = [Int64](repeating: 0, count: window.counters - counts.count)
      arguments += ([part] + counts + missing).map { "\($0)" }
    }
    return RedisKeyCommand(.count, key: self.window(key), arguments.map { Array($0.utf8) })
  }
}
