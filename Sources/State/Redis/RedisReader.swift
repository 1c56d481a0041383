internal import CHiredis

/// Reads replies from the bytes of a connection, by hiredis's parser. Loop-bound.
final class RedisReader {
  private let reader: UnsafeMutablePointer<redisReader>?
  /// Bytes that came since the last reply was whole.
  private var unfinished = 0
  /// Bytes that one reply may have: more than any that is asked for.
  private static let largestReply = 16 << 20

  init() { reader = easel_redis_reader_create() }
  deinit { if let reader { easel_redis_reader_free(reader) } }

  /// Takes bytes.
  /// - Throws: `StateError` of kind `malformed` where they are no replies.
  func feed(_ bytes: Span<UInt8>) throws(StateError) {
    guard let reader else { throw StateError(.malformed, "out of memory") }
    let status = bytes.withUnsafeBytes { bytes in
      // hiredis copies the bytes.
      redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    unfinished += bytes.count
    guard status == REDIS_OK, unfinished <= Self.largestReply else {
      throw StateError(.malformed, "the server's answer is too large")
    }
  }

  /// The next reply that is there in full.
  /// - Throws: `StateError` of kind `malformed` where the bytes are no reply.
  func next() throws(StateError) -> RedisReply? {
    guard let reader else { return nil }
    var object: UnsafeMutableRawPointer?
    guard redisReaderGetReply(reader, &object) == REDIS_OK else {
      throw StateError(.malformed, "the server does not speak Redis's protocol")
    }
    guard let object else { return nil }
    defer { freeReplyObject(object) }
    unfinished = Int(reader.pointee.len) - Int(reader.pointee.pos)
    return RedisReply(object)
  }
}

/// Writes commands as Redis reads them.
enum RedisCommand {
  /// The bytes of a command.
  static func encode(_ words: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(words.reduce(16) { $0 + $1.count + 16 })
    bytes += "*\(words.count)\r\n".utf8
    for word in words {
      bytes += "$\(word.count)\r\n".utf8
      bytes += word
      bytes += [13, 10]
    }
    return bytes
  }
}
