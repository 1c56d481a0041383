/// What is done inside Redis, in one step each. https://redis.io/docs/latest/commands/eval/
enum RedisScript: CaseIterable {
  /// Stores a value if its revision is still the one that is expected, or `*`; announces it if
  /// there is a channel. Arguments: revision, value, lifetime in ms, channel, name to announce.
  /// Answers `{1, revision}`, or `{0}` or `{0, revision, value}` with what is there instead.
  case compareAndSet
  /// Raises what a member has counted in the parts of a sliding window. Arguments: newest part, number
  /// of parts, number of counters, lifetime in ms, member, and of each part that is told of its number
  /// and a count for each counter. Answers the sums.
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
      local key, member = KEYS[1], ARGV[5]
      local newest, window, counters = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
      for i = 6, #ARGV, counters + 1 do
        local part = ARGV[i]
        local own = part .. '/' .. member
        local before, counts = redis.call('HGET', key, own) or '', {}
        for count in string.gmatch(before, '%d+') do counts[#counts + 1] = tonumber(count) end
        for c = 1, counters do
          local known = counts[c] or 0
          local more = math.max(tonumber(ARGV[i + c]) - known, 0)
          if more > 0 then
            redis.call('HINCRBY', key, part .. ':' .. c, string.format('%.0f', more))
          end
          counts[c] = string.format('%.0f', known + more)
        end
        local after = table.concat(counts, ' ')
        if after ~= before then redis.call('HSET', key, own, after) end
      end
      if redis.call('HGET', key, 'newest') ~= ARGV[1] then
        redis.call('HSET', key, 'newest', ARGV[1])
        for _, field in ipairs(redis.call('HKEYS', key)) do
          local part = tonumber(string.match(field, '^%-?%d+'))
          if part and math.abs(part - newest) > window then redis.call('HDEL', key, field) end
        end
      end
      redis.call('PEXPIRE', key, ARGV[4])
      local sums = {}
      for c = 1, counters do
        local fields, sum = {}, 0
        for part = newest - window + 1, newest + 1 do
          fields[#fields + 1] = string.format('%.0f:%d', part, c)
        end
        for _, count in ipairs(redis.call('HMGET', key, unpack(fields))) do
          sum = sum + (tonumber(count) or 0)
        end
        sums[c] = string.format('%.0f', math.min(sum, \(CountedWindow.largest)))
      end
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
