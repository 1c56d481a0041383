/// Names a store: `memory:`, `sqlite:PATH`, or a Redis in one of the forms of ``RedisURL``.
package enum StateURL: Sendable, Hashable {
  /// Kept by the process, and gone with it.
  case memory
  /// A file of this machine.
  case sqlite(path: String)
  /// Redis, for many gateways.
  case redis(RedisURL)

  /// `sqlite:data/easel.db`.
  package static var standard: StateURL { .sqlite(path: "data/easel.db") }

  /// What is wrong with a URL, without its secrets; completes "`url`: …".
  package struct Fault: Error, Sendable, Hashable {
    /// What is wrong, and what is allowed.
    package let message: String
  }

  private static let forms =
    "use memory:, sqlite:PATH, redis://HOST:PORT/DB, unix:///PATH, "
    + "redis+sentinel://HOST:PORT,HOST:PORT/MASTER/DB or redis+cluster://HOST:PORT,HOST:PORT"

  /// Reads a URL.
  package init(parsing text: String) throws(Fault) {
    if text == "memory:" || text == "memory" {
      self = .memory
    } else if text.hasPrefix("sqlite:") {
      var path = text.dropFirst("sqlite:".count)
      if path.hasPrefix("//") { path = path.dropFirst(2) }
      // SQLite takes the name ":memory:" for no file at all.
      guard !path.isEmpty, path != ":memory:", !path.utf8.contains(0) else {
        throw Fault(
          message: "sqlite: needs the path of a file, such as sqlite:data/easel.db; a store "
            + "without a file is memory:")
      }
      self = .sqlite(path: String(path))
    } else if let scheme = text.firstRange(of: "://").map({ String(text[..<$0.lowerBound]) }) {
      guard let form = RedisURL.Form(scheme: scheme) else {
        // Before a '://' further on there may be a password, but none in what could be a scheme.
        let name = Self.isScheme(scheme) ? "'\(scheme.prefix(32))'" : "what precedes '://'"
        throw Fault(message: "\(name) names no store that is known; \(Self.forms)")
      }
      self = .redis(
        try RedisURL(form, usesTLS: scheme == "rediss", String(text.dropFirst(scheme.count + 3))))
    } else {
      throw Fault(message: "names no store; \(Self.forms)")
    }
  }

  /// Whether a text could be a scheme (RFC 3986, section 3.1).
  private static func isScheme(_ text: String) -> Bool {
    text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || [0x2B, 0x2D, 0x2E].contains(byte)
    }
  }

  /// The URL without credentials, for logs.
  package var shown: String {
    switch self {
    case .memory: "memory:"
    case .sqlite(let path): "sqlite:\(path)"
    case .redis(let url): url.description
    }
  }
}
