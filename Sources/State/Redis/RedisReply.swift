/// What Redis answers (RESP 2). https://redis.io/docs/latest/develop/reference/protocol-spec/
enum RedisReply: Sendable, Hashable {
  case status(String)
  case error(String)
  case integer(Int64)
  case bulk([UInt8])
  case array([RedisReply])
  case null

  var bytes: [UInt8]? {
    switch self {
    case .bulk(let bytes): bytes
    case .status(let text): Array(text.utf8)
    default: nil
    }
  }

  var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  /// A number, also one that is written as a text.
  var integer: Int64? {
    switch self {
    case .integer(let number): number
    default: text.flatMap { Int64($0) }
    }
  }

  var elements: [RedisReply]? { if case .array(let elements) = self { elements } else { nil } }

  /// The first word of an error, such as `NOSCRIPT`; nil for other replies.
  var errorCode: String? {
    guard case .error(let text) = self else { return nil }
    return String(text.prefix { $0 != " " })
  }
}
