package import Observability

/// An HTTP proxy for requests to https servers, as `HTTPS_PROXY` and `NO_PROXY` name it.
package struct ProxySettings: Sendable, Hashable {
  /// The proxy's host name or address, without brackets.
  package var host: String
  /// The proxy's port.
  package var port: Int
  /// `user:password` for `Proxy-Authorization: Basic`, percent-decoded.
  package var credentials: Secret?
  /// The entries of `NO_PROXY`: `*`, a host name (which stands for its subdomains too), an IP
  /// address, or an IPv4 network such as `10.0.0.0/8`; each with an optional `:port`.
  package var exceptions: [String]

  /// A proxy.
  package init(host: String, port: Int, credentials: Secret? = nil, exceptions: [String] = []) {
    self.host = host
    self.port = port
    self.credentials = credentials
    self.exceptions = exceptions
  }

  /// Whether a request to `host` goes through the proxy. Loopback hosts never do.
  package func applies(toHost host: String, port: Int) -> Bool {
    let host = host.lowercased()
    if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return false }
    if let address = IPv4Address(host), address.isLoopback { return false }
    return !exceptions.contains { matches($0.lowercased(), host: host, port: port) }
  }

  private func matches(_ exception: String, host: String, port: Int) -> Bool {
    if exception == "*" { return true }
    var pattern = exception[...]
    // One colon separates a port; more of them are an IPv6 address.
    if pattern.filter({ $0 == ":" }).count == 1 || pattern.hasPrefix("["),
      let colon = pattern.lastIndex(of: ":"),
      let number = Int(pattern[pattern.index(after: colon)...])
    {
      guard number == port else { return false }
      pattern = pattern[..<colon]
    }
    if pattern.hasPrefix("[") && pattern.hasSuffix("]") {
      pattern = pattern.dropFirst().dropLast()
    }
    let network = pattern.split(separator: "/", omittingEmptySubsequences: false)
    if network.count == 2, let base = IPv4Address(String(network[0])), let bits = Int(network[1]),
      (0...32).contains(bits), let address = IPv4Address(host)
    {
      return base.shares(bits: bits, with: address)
    }
    while pattern.hasPrefix("*") || pattern.hasPrefix(".") { pattern = pattern.dropFirst() }
    guard !pattern.isEmpty else { return false }
    return host == pattern || host.hasSuffix(".\(pattern)")
  }
}

/// An IPv4 address in dotted form.
struct IPv4Address: Hashable {
  let value: UInt32

  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard part.utf8.allSatisfy(\.isASCIIDigit), let byte = UInt8(part) else { return nil }
      value = value << 8 | UInt32(byte)
    }
    self.value = value
  }

  var isLoopback: Bool { value >> 24 == 127 }

  func shares(bits: Int, with other: IPv4Address) -> Bool {
    bits == 0 || (value ^ other.value) >> UInt32(32 - bits) == 0
  }
}
