internal import CHiredis

extension RedisReply {
  /// How deep arrays may lie within each other; hiredis itself stops there too.
  private static let deepest = 8

  /// Copies a reply of hiredis, which the caller goes on to own.
  init?(_ pointer: UnsafeMutableRawPointer?, depth: Int = 0) {
    guard let pointer, depth <= Self.deepest else { return nil }
    // hiredis makes every reply a `redisReply`.
    let reply = pointer.assumingMemoryBound(to: redisReply.self).pointee
    switch reply.type {
    case REDIS_REPLY_STATUS: self = .status(Self.text(reply))
    case REDIS_REPLY_ERROR: self = .error(Self.text(reply))
    case REDIS_REPLY_INTEGER: self = .integer(reply.integer)
    case REDIS_REPLY_STRING: self = .bulk(Self.bytes(reply))
    case REDIS_REPLY_ARRAY:
      // `element` has `elements` pointers.
      let elements = UnsafeBufferPointer(start: reply.element, count: Int(reply.elements))
      self = .array(elements.map { RedisReply($0, depth: depth + 1) ?? .null })
    default: self = .null
    }
  }

  private static func bytes(_ reply: redisReply) -> [UInt8] {
    // `str` has `len` bytes, whatever they are.
    Array(UnsafeRawBufferPointer(start: reply.str, count: Int(reply.len)))
  }

  private static func text(_ reply: redisReply) -> String {
    String(decoding: bytes(reply), as: UTF8.self)
  }
}
