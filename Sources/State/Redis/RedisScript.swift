/// What is done inside Redis, in one step each. https://redis.io/docs/latest/commands/eval/
enum RedisScript: CaseIterable {
  /// Stores a value if its revision is still the one that is expected, or `*`; announces it if
  /// there is a channel. Arguments: revision, value, lifetime in ms, channel, name to announce.
  /// Answers `{1, revision}`, or `{0}` or `{0, revision, value}` with what is there instead.
  case compareAndSet
  /// Adds to a sliding window. Arguments: bucket, window, lifetime in ms, a number for each counter.
  /// Answers the sums.
  case count

  /// The script. Revisions are microseconds of the server's clock, so that none comes again under a
  /// key that was forgotten meanwhile; they are at most 2^53, which Lua's numbers hold exactly.
  var text: String {
    switch self {
    case .compareAndSet:
      """
      if redis.replicate_commands then redis.replicate_commands() end
      local found = redis.call('HMGET', KEYS[1], 'r', 'v')
      local revision = found[1] or '0'
      if ARGV[1] ~= '*' and ARGV[1] ~= revision then
        if found[1] then return {0, found[1], found[2]} end
        return {0}
      end
      local time = redis.call('TIME')
      local new = tonumber(time[1]) * 1000000 + tonumber(time[2])
      if tonumber(revision) >= new then new = tonumber(revision) + 1 end
      new = string.format('%.0f', new)
      redis.call('HMSET', KEYS[1], 'r', new, 'v', ARGV[2])
      redis.call('PEXPIRE', KEYS[1], ARGV[3])
      if ARGV[4] ~= '' then
        redis.call('PUBLISH', ARGV[4], ARGV[5] .. '\\n' .. new .. '\\n' .. ARGV[2])
      end
      return {1, new}
      """
    case .count:
      """
      if redis.replicate_commands then redis.replicate_commands() end
      local most = \(WindowCounts.largest)
      local function bounded(number) return math.max(-most, math.min(most, number)) end
      local bucket, window = tonumber(ARGV[1]), tonumber(ARGV[2])
      local all, found, sums = redis.call('HGETALL', KEYS[1]), {}, {}
      for i = 1, #all, 2 do found[all[i]] = tonumber(all[i + 1]) end
      for i = 1, #ARGV - 3 do
        local field = ARGV[1] .. ':' .. i
        found[field] = bounded((found[field] or 0) + tonumber(ARGV[3 + i]))
        redis.call('HSET', KEYS[1], field, string.format('%.0f', found[field]))
        sums[i] = 0
      end
      redis.call('PEXPIRE', KEYS[1], ARGV[3])
      local newest = bucket
      for field in pairs(found) do
        newest = math.max(newest, tonumber(string.match(field, '^[^:]+')))
      end
      for field, number in pairs(found) do
        local part, counter = string.match(field, '^(%-?%d+):(%d+)$')
        part, counter = tonumber(part), tonumber(counter)
        if part <= newest - window then
          redis.call('HDEL', KEYS[1], field)
        elseif part > bucket - window and part <= bucket + 1 and sums[counter] then
          sums[counter] = bounded(sums[counter] + number)
        end
      end
      for i = 1, #sums do sums[i] = string.format('%.0f', sums[i]) end
      return sums
      """
    }
  }

  /// The command that runs the script by its digest, or, where the server does not know it, by its
  /// text.
  func command(sha: String?, key: [UInt8], _ arguments: [[UInt8]]) -> [[UInt8]] {
    let head = sha.map { ["EVALSHA", $0, "1"] } ?? ["EVAL", text, "1"]
    return head.map { Array($0.utf8) } + [key] + arguments
  }
}
