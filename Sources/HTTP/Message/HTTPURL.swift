/// An `http` or `https` URL (RFC 3986), read strictly: what two readers could understand
/// differently is refused.
package struct HTTPURL: Sendable, Hashable, CustomStringConvertible {
  package enum Scheme: String, Sendable, Hashable {
    case http, https

    /// The port of URLs that name none.
    var port: Int { self == .https ? 443 : 80 }
  }

  package let scheme: Scheme
  /// A name in lower case or an address; an IPv6 address without its brackets.
  package let host: String
  /// 1 to 65535.
  package let port: Int
  /// Path and query; begins with a slash.
  package let path: String
  /// What `Host` says: the port only where it is not the scheme's own.
  package let hostHeader: String

  /// Why a text is no URL for this client.
  package struct HTTPURLError: Error, Sendable, Hashable {
    /// What is wrong and what is allowed.
    package let message: String
  }

  /// - Throws: `HTTPURLError`.
  package init(_ text: String) throws(HTTPURLError) {
    guard text.utf8.count <= 8192, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x5C })
    else {
      throw HTTPURLError(message: "a URL has only printable ASCII, no spaces and no backslash")
    }
    let lower = text.lowercased()
    let scheme: Scheme
    if lower.hasPrefix("https://") {
      scheme = .https
    } else if lower.hasPrefix("http://") {
      scheme = .http
    } else {
      throw HTTPURLError(message: "a URL begins with https:// or http://")
    }
    let rest = text.dropFirst(scheme == .https ? 8 : 7)
    let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
    let authority = rest[..<end]
    guard !authority.contains("@") else {
      throw HTTPURLError(message: "a URL must not hold a user name or password")
    }
    let (host, port) = try Self.hostAndPort(authority, default: scheme.port)
    let tail = rest[end...].prefix { $0 != "#" }
    self.init(
      scheme: scheme, host: host, port: port,
      path: tail.hasPrefix("/") ? String(tail) : "/" + tail)
  }

  private init(scheme: Scheme, host: String, port: Int, path: String) {
    self.scheme = scheme
    self.host = host
    self.port = port
    self.path = path
    let name = host.contains(":") ? "[\(host)]" : host
    hostHeader = port == scheme.port ? name : "\(name):\(port)"
  }

  private static func hostAndPort(
    _ authority: Substring, default fallback: Int
  ) throws(HTTPURLError) -> (String, Int) {
    var host = authority
    var port = fallback
    if authority.hasPrefix("[") {
      guard let bracket = authority.firstIndex(of: "]") else {
        throw HTTPURLError(message: "an IPv6 address needs its closing bracket")
      }
      host = authority[authority.index(after: authority.startIndex)..<bracket]
      let rest = authority[authority.index(after: bracket)...]
      if !rest.isEmpty {
        guard rest.hasPrefix(":") else { throw HTTPURLError(message: "the port is malformed") }
        port = try Self.port(rest.dropFirst())
      }
      guard !host.isEmpty, host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
        throw HTTPURLError(message: "the IPv6 address is malformed")
      }
      return (host.lowercased(), port)
    }
    if let colon = authority.firstIndex(of: ":") {
      host = authority[..<colon]
      port = try Self.port(authority[authority.index(after: colon)...])
    }
    let isValid = host.utf8.allSatisfy {
      ASCII.isDigit($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x2D || $0 == 0x2E
        || $0 == 0x5F
    }
    guard !host.isEmpty, host.utf8.count <= 253, isValid else {
      throw HTTPURLError(message: "the host has only letters, digits, dots, hyphens, underscores")
    }
    return (host.lowercased(), port)
  }

  private static func port(_ text: Substring) throws(HTTPURLError) -> Int {
    guard text.utf8.allSatisfy(ASCII.isDigit), let port = Int(text), (1...65535).contains(port)
    else { throw HTTPURLError(message: "the port is a number from 1 to 65535") }
    return port
  }

  /// The URL of a path below this one: `https://host/v1` and `models` give
  /// `https://host/v1/models`. A query of this URL is kept behind the new path.
  package func appending(path addition: String) -> HTTPURL {
    let parts = path.split(separator: "?", maxSplits: 1)
    var base = parts.first.map(String.init) ?? "/"
    while base.hasSuffix("/") { base.removeLast() }
    let joined = base + "/" + addition.drop { $0 == "/" }
    return HTTPURL(
      scheme: scheme, host: host, port: port,
      path: parts.count == 2 ? "\(joined)?\(parts[1])" : joined)
  }

  /// `https://host` or `https://host:8443`.
  package var origin: String { "\(scheme.rawValue)://\(hostHeader)" }

  package var description: String { origin + path }
}
