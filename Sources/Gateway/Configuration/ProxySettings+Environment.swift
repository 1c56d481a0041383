import Observability

/// `HTTPS_PROXY` and `NO_PROXY`; as in curl, the lower-case spelling wins.
extension ProxySettings {
  init?(_ reading: ConfigurationReading) {
    let name = ["https_proxy", "HTTPS_PROXY"].first { reading.environment[$0] != nil }
    guard let name,
      let proxy = reading.variable(name, ProxySettings.parse)
    else { return nil }
    self = proxy
    let list = reading.environment["no_proxy"] ?? reading.environment["NO_PROXY"] ?? ""
    exceptions = list.split { $0 == "," || $0.isWhitespace }.prefix(256).map(String.init)
  }

  /// Reads `http://user:password@host:port`; the scheme may be left out. The text is never
  /// repeated in a message, because it may hold a password.
  static func parse(_ text: String) throws(SettingProblem) -> ProxySettings {
    let lower = text.lowercased()
    var rest = text[...]
    if lower.hasPrefix("http://") {
      rest = rest.dropFirst(7)
    } else if text.contains("://") {
      throw SettingProblem("must begin with http://: only plain HTTP proxies are supported")
    }
    var credentials: Secret?
    if let at = rest.lastIndex(of: "@") {
      guard let decoded = percentDecoded(rest[..<at]) else {
        throw SettingProblem("has a user name or password with a broken %XX escape")
      }
      credentials = Secret(decoded)
      rest = rest[rest.index(after: at)...]
    }
    do throws(BaseURL.Fault) {
      let parts = try BaseURL.parse("http://\(rest)")
      guard parts.path.isEmpty else { throw BaseURL.Fault(message: "must not have a path") }
      return ProxySettings(host: parts.host, port: parts.port, credentials: credentials)
    } catch {
      throw SettingProblem("\(error.message); write http://host:port")
    }
  }

  private static func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst(), let low = rest.popFirst(), high.isHexDigit, low.isHexDigit,
        let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(value)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
