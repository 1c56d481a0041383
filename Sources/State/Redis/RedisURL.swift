package import Observability

/// Where a Redis is, and how it is spoken to.
///
/// - `redis://[USER[:PASSWORD]@]HOST[:PORT][/DB]`, and `rediss:` for TLS
/// - `unix:///PATH[?db=DB]`, also `redis+unix:`
/// - `redis+sentinel://[USER:PASSWORD@]HOST[:PORT],…/MASTER[/DB]`
/// - `redis+cluster://[USER:PASSWORD@]HOST[:PORT],…`
///
/// Options follow a `?`: `prefix` (default `easel:`), `timeout` for one command (default 50ms),
/// `connect_timeout` (default 200ms), `db`, `user`, `password`, `sentinel_user`, `sentinel_password`,
/// `tls` (`on` for sentinels and clusters) and `ca_file`. User, password and options are
/// percent-encoded (RFC 3986).
package struct RedisURL: Sendable, Hashable {
  /// How the servers work together.
  package enum Form: Sendable, Hashable {
    case single, unixSocket, sentinel, cluster

    init?(scheme: String) {
      switch scheme {
      case "redis", "rediss": self = .single
      case "unix", "redis+unix": self = .unixSocket
      case "redis+sentinel": self = .sentinel
      case "redis+cluster": self = .cluster
      default: return nil
      }
    }
  }

  /// A host and a port.
  package struct Host: Sendable, Hashable, CustomStringConvertible {
    package var name: String
    package var port: Int

    package init(name: String, port: Int) {
      self.name = name
      self.port = port
    }

    package var description: String { name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)" }
  }

  package var form: Form
  /// The server, the sentinels, or some nodes of the cluster; empty for a socket.
  package var hosts: [Host] = []
  /// The socket's path.
  package var path = ""
  /// The name that the sentinels know the master by.
  package var master = ""
  package var user: String?
  package var password: Secret?
  package var sentinelUser: String?
  package var sentinelPassword: Secret?
  /// 0 to 65535.
  package var database = 0
  /// Whether connections are encrypted.
  package var usesTLS = false
  /// PEM file of authorities to trust in place of the system's.
  package var authorityFile: String?
  /// Before every key and channel.
  package var prefix = "easel:"
  /// The longest time for an answer; 1 ms to 5 s.
  package var timeout = Duration.milliseconds(50)
  /// The longest time to connect; 10 ms to 30 s.
  package var connectTimeout = Duration.milliseconds(200)

  init(_ form: Form, usesTLS: Bool, _ text: String) throws(StateURL.Fault) {
    self.form = form
    self.usesTLS = usesTLS
    let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    var rest = parts.first ?? ""
    if let at = rest.lastIndex(of: "@") {
      try readCredentials(rest[..<at])
      rest = rest[rest.index(after: at)...]
    }
    if parts.count > 1 { try readOptions(parts[1]) }
    if password?.isEmpty == true { password = nil }
    guard user == nil || password != nil else {
      throw StateURL.Fault(message: "names a user without a password: write USER:PASSWORD@HOST")
    }
    guard sentinelUser == nil || sentinelPassword != nil else {
      throw StateURL.Fault(message: "names a sentinel_user without a sentinel_password")
    }
    guard form != .unixSocket else {
      guard rest.hasPrefix("/"), rest.utf8.count < 100, !rest.utf8.contains(0) else {
        throw StateURL.Fault(
          message: "a socket is named by its absolute path, such as unix:///run/redis/redis.sock")
      }
      path = try Self.decoded(rest)
      return
    }
    var segments = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    try readHosts(segments.removeFirst())
    if form == .sentinel {
      guard let name = segments.first, !name.isEmpty else {
        throw StateURL.Fault(
          message: "redis+sentinel:// needs the master's name: redis+sentinel://HOST:26379/MASTER")
      }
      master = try Self.decoded(name[...])
      segments.removeFirst()
    }
    if let number = segments.first, !number.isEmpty {
      guard form != .cluster else {
        throw StateURL.Fault(
          message: "a cluster has one database only; leave what follows the '/' out")
      }
      database = try Self.database(number[...])
    }
    guard segments.count < 2 else {
      throw StateURL.Fault(message: "has more parts than host and database")
    }
    guard form != .cluster || database == 0 else {
      throw StateURL.Fault(message: "a cluster has one database only; leave 'db' out")
    }
  }

  // MARK: Parts

  private mutating func readCredentials(_ text: Substring) throws(StateURL.Fault) {
    guard let colon = text.firstIndex(of: ":") else {
      user = try Self.decoded(text)
      return
    }
    let name = try Self.decoded(text[..<colon])
    user = name.isEmpty ? nil : name
    password = Secret(try Self.decoded(text[text.index(after: colon)...]))
  }

  private mutating func readHosts(_ text: String) throws(StateURL.Fault) {
    let isMany = form != .single
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      hosts.append(try Self.host(part, standardPort: form == .sentinel ? 26379 : 6379))
    }
    guard isMany || hosts.count == 1 else {
      throw StateURL.Fault(
        message: "redis:// has one host; several are redis+sentinel:// or redis+cluster://")
    }
    guard hosts.count <= 64 else { throw StateURL.Fault(message: "names more than 64 hosts") }
  }

  private static func host(
    _ text: Substring, standardPort: Int
  ) throws(StateURL.Fault) -> Host {
    let fault = StateURL.Fault(
      message: "needs hosts such as redis.example.com:6379 or [2001:db8::1]:6379")
    var name = text
    var port: Substring?
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { throw fault }
      name = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { throw fault }
      port = rest.isEmpty ? nil : rest.dropFirst()
    } else if let colon = text.firstIndex(of: ":") {
      name = text[..<colon]
      port = text[text.index(after: colon)...]
    }
    let isName = name.utf8.allSatisfy { byte in
      (0x30...0x3A).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || [0x2D, 0x2E, 0x5F, 0x25].contains(byte)
    }
    guard !name.isEmpty, isName, name.utf8.count <= 255 else { throw fault }
    guard let port else { return Host(name: String(name), port: standardPort) }
    guard let number = Int(port), (1...65535).contains(number) else { throw fault }
    return Host(name: String(name), port: number)
  }

  private mutating func readOptions(_ text: Substring) throws(StateURL.Fault) {
    for (index, option) in text.split(separator: "&").enumerated() {
      let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = try Self.decoded(pair.count > 1 ? pair[1] : "")
      switch pair[0] {
      case "prefix":
        guard value.utf8.count <= 64, value.utf8.allSatisfy({ (0x21...0x7A).contains($0) }) else {
          throw StateURL.Fault(
            message: "prefix has up to 64 printable ASCII characters without braces")
        }
        prefix = value
      case "db": database = try Self.database(value[...])
      case "user": user = value
      case "password": password = Secret(value)
      case "sentinel_user": sentinelUser = value
      case "sentinel_password": sentinelPassword = Secret(value)
      case "tls":
        guard ["on", "off"].contains(value), form != .unixSocket else {
          throw StateURL.Fault(message: "tls is on or off, and not for sockets of this machine")
        }
        usesTLS = value == "on"
      case "ca_file": authorityFile = value
      case "timeout":
        timeout = try Self.duration(value, "timeout", .milliseconds(1) ... .seconds(5))
      case "connect_timeout":
        connectTimeout = try Self.duration(
          value, "connect_timeout", .milliseconds(10) ... .seconds(30))
      default:
        // It is told by its place: it may be part of a password that holds a '?' or a '&'.
        throw StateURL.Fault(
          message: "what stands at place \(index + 1) after '?' is no option; there are prefix, "
            + "timeout, connect_timeout, db, user, password, sentinel_user, sentinel_password, "
            + "tls and ca_file (in a password, '?' is written %3F, and '&' %26)")
      }
    }
  }

  /// The text is not repeated: what follows the host may be part of a password.
  private static func database(_ text: Substring) throws(StateURL.Fault) -> Int {
    guard let number = Int(text), (0...65535).contains(number) else {
      throw StateURL.Fault(message: "has a database that is no number from 0 to 65535")
    }
    return number
  }

  private static func duration(
    _ text: String, _ option: String, _ range: ClosedRange<Duration>
  ) throws(StateURL.Fault) -> Duration {
    let isSeconds = text.hasSuffix("s") && !text.hasSuffix("ms")
    let digits = text.prefix { ("0"..."9").contains($0) }
    let unit = text.dropFirst(digits.count)
    guard let number = Int(digits), digits.count <= 9, unit == "ms" || unit == "s",
      case let duration = isSeconds ? Duration.seconds(number) : .milliseconds(number),
      range.contains(duration)
    else {
      throw StateURL.Fault(
        message: "\(option) is a duration such as 50ms or 1s, \(range.lowerBound) to "
          + "\(range.upperBound)")
    }
    return duration
  }

  /// Without percent-encoding (RFC 3986, section 2.1).
  private static func decoded(_ text: Substring) throws(StateURL.Fault) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2)
      guard digits.count == 2,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      else { throw StateURL.Fault(message: "has a '%' that no two hexadecimal digits follow") }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else {
      throw StateURL.Fault(message: "is not UTF-8 when its percent-encoding is undone")
    }
    return decoded
  }

  /// The URL without credentials and options, for logs.
  var description: String {
    let list = hosts.map(\.description).joined(separator: ",")
    return switch form {
    case .single: "\(usesTLS ? "rediss" : "redis")://\(list)/\(database)"
    case .unixSocket: "unix://\(path)"
    case .sentinel: "redis+sentinel://\(list)/\(master)"
    case .cluster: "redis+cluster://\(list)"
    }
  }
}
