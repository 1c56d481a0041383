/// Checks the base URLs of upstreams, image providers and the gateway itself.
enum BaseURL {
  /// Why a text is no base URL; completes the sentence "`key`: …". Never holds the text itself,
  /// which may carry a password.
  struct Fault: Error, Hashable {
    let message: String
  }

  /// A base URL in its parts.
  struct Parts: Hashable {
    /// The URL without a slash at its end.
    var text: String
    var isSecure: Bool
    var host: String
    var port: Int
    var path: String
  }

  /// Reads `http://` or `https://`, a host, an optional port, and an optional path. Refuses user
  /// names, queries, fragments, and whatever is not printable ASCII.
  static func parse(_ text: String) throws(Fault) -> Parts {
    let isSecure: Bool
    let rest: Substring
    if text.lowercased().hasPrefix("https://") {
      (isSecure, rest) = (true, text.dropFirst(8))
    } else if text.lowercased().hasPrefix("http://") {
      (isSecure, rest) = (false, text.dropFirst(7))
    } else {
      throw Fault(message: "must begin with https:// or http://")
    }
    guard rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw Fault(message: "holds a space or a character that must be percent-encoded")
    }
    guard !rest.contains("?") && !rest.contains("#") else {
      throw Fault(message: "must not have a query (?) or a fragment (#)")
    }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = rest[..<slash]
    guard !authority.contains("@") else {
      throw Fault(message: "must not hold a user name or password; keys go into api_key_env")
    }
    let (host, port) = try split(authority, defaultPort: isSecure ? 443 : 80)
    var path = String(rest[slash...])
    while path.hasSuffix("/") { path.removeLast() }
    return Parts(
      text: "\(isSecure ? "https" : "http")://\(authority)\(path)", isSecure: isSecure, host: host,
      port: port, path: path)
  }

  private static func split(
    _ authority: Substring, defaultPort: Int
  ) throws(Fault) -> (String, Int) {
    var host = authority
    var port = defaultPort
    let bracket = authority.lastIndex(of: "]")
    if let colon = authority.lastIndex(of: ":"), bracket.map({ $0 < colon }) ?? true {
      host = authority[..<colon]
      let digits = authority[authority.index(after: colon)...]
      guard digits.utf8.allSatisfy(\.isASCIIDigit), let number = Int(digits),
        (1...65_535).contains(number)
      else { throw Fault(message: "has a port that is not a number from 1 to 65535") }
      port = number
    }
    guard !host.isEmpty else { throw Fault(message: "has no host") }
    if host.hasPrefix("[") && host.hasSuffix("]") {
      let address = host.dropFirst().dropLast()
      guard address.contains(":"),
        address.utf8.allSatisfy({ $0.isHexDigit || $0 == UInt8(ascii: ":") || $0 == 0x2E })
      else { throw Fault(message: "has no IPv6 address between its brackets") }
      return (String(address), port)
    }
    guard host.utf8.allSatisfy(\.isHostNameByte) else {
      throw Fault(message: "has a host with characters that no host name has")
    }
    return (String(host), port)
  }
}
