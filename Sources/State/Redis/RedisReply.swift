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

/// What an error of Redis means for a store.
struct RedisFault: Hashable {
  /// The error, without what could be a secret.
  let error: StateError
  /// Whether the connection is of no more use: the server is not the one to write to, or does not
  /// let us in.
  let endsConnection: Bool

  init(_ text: String) {
    let code = String(text.prefix { $0 != " " }.prefix(32))
    switch code {
    case "READONLY":
      self.init(.unavailable, "the server is a read-only replica", endsConnection: true)
    case "LOADING": self.init(.unavailable, "the server is loading its data", endsConnection: true)
    case "MASTERDOWN", "CLUSTERDOWN":
      self.init(.unavailable, "the servers are failing over (\(code))", endsConnection: false)
    case "NOAUTH", "WRONGPASS":
      self.init(.unavailable, "the server does not take the password", endsConnection: true)
    case "NOPERM":
      self.init(.refused, "the user may not do this (NOPERM): \(text.prefix(200))")
    case "OOM": self.init(.refused, "the server is out of memory")
    case "MISCONF", "NOREPLICAS":
      self.init(.refused, "the server takes no writings now (\(code))")
    default: self.init(.refused, "the server refused: \(text.prefix(200))")
    }
  }

  private init(_ kind: StateError.Kind, _ text: String, endsConnection: Bool = false) {
    error = StateError(kind, text)
    self.endsConnection = endsConnection
  }
}
