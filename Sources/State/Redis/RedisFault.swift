/// What an error of Redis means for a store.
struct RedisFault: Hashable {
  /// The error, without what could be a secret.
  let error: StateError
  /// Whether the connection is of no more use: the server is not the one to write to, or does not
  /// let us in.
  let endsConnection: Bool
  /// Whether the user may not do this one thing.
  let isPermission: Bool

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
    case _ where code == "NOPERM" || text.hasPrefix(Self.permissionInScript):
      self.init(.refused, "the user may not do this (\(Self.shown(text)))", isPermission: true)
    case "OOM": self.init(.refused, "the server is out of memory")
    case "MISCONF", "NOREPLICAS":
      self.init(.refused, "the server takes no writings now (\(code))")
    default: self.init(.refused, "the server refused: \(Self.shown(text))")
    }
  }

  /// The error of an `AUTH`, of which nothing but its code is repeated.
  static func ofPassword(_ text: String) -> StateError {
    let fault = RedisFault(text)
    return fault.endsConnection
      ? fault.error : StateError(.unavailable, "the server does not take the password")
  }

  private init(
    _ kind: StateError.Kind, _ text: String, endsConnection: Bool = false,
    isPermission: Bool = false
  ) {
    error = StateError(kind, text)
    self.endsConnection = endsConnection
    self.isPermission = isPermission
  }

  /// How Redis up to 7.0 begins where a script does what its user may not do; later ones say
  /// `NOPERM` there too.
  private static let permissionInScript = "ERR The user executing the script can't"

  /// The server's words up to where it repeats what it was sent, as in "unknown command 'GET', with
  /// args beginning with: 'secret'", or names a script by its digest.
  private static func shown(_ text: String) -> String {
    let end = [", with args", " script: "].compactMap { text.firstRange(of: $0)?.lowerBound }.min()
    return String(text[..<(end ?? text.endIndex)].prefix(120).filter { !$0.isNewline })
  }
}
