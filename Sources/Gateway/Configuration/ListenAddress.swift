/// Where the gateway listens: `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// An IP address or a host name, without brackets.
  package let host: String
  /// 0 to 65535; 0 asks the system for a free port.
  package let port: Int

  /// An address from parts that are known to be valid.
  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Why a text is no address; completes the sentence "`text` …".
  package struct Fault: Error, Hashable {
    /// What is wrong, and what is allowed.
    package let message: String
  }

  /// Reads `host:port`.
  package init(parsing text: String) throws(Fault) {
    guard let colon = text.lastIndex(of: ":") else {
      if Int(text) != nil {
        throw Fault(
          message: "has no host: write 127.0.0.1:\(text), or 0.0.0.0:\(text) for every interface")
      }
      throw Fault(message: "has no port: write host:port, such as 127.0.0.1:8080")
    }
    var host = String(text[..<colon])
    let digits = text[text.index(after: colon)...]
    guard !host.isEmpty else {
      throw Fault(
        message: "has no host: write 127.0.0.1:\(digits), or 0.0.0.0:\(digits) for every interface")
    }
    if host.hasPrefix("[") && host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
      guard host.contains(":"),
        host.utf8.allSatisfy({ $0.isHexDigit || $0 == UInt8(ascii: ":") || $0 == 0x2E })
      else { throw Fault(message: "has no IPv6 address between its brackets") }
    } else if host.contains(":") || host.contains("[") || host.contains("]") {
      throw Fault(message: "needs brackets around its IPv6 address: [::1]:8080")
    } else {
      guard host.utf8.allSatisfy({ $0.isHostNameByte }) else {
        throw Fault(message: "is not host:port, such as 127.0.0.1:8080")
      }
    }
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits),
      port <= 65_535
    else { throw Fault(message: "has a port that is not a number from 0 to 65535") }
    self.init(host: host, port: port)
  }

  /// As it is written in a URL and in the configuration.
  package var description: String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

extension UInt8 {
  var isASCIIDigit: Bool { (0x30...0x39).contains(self) }
  var isASCIILetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
  var isHexDigit: Bool {
    isASCIIDigit || (0x41...0x46).contains(self) || (0x61...0x66).contains(self)
  }
  /// Letters, digits, dot, hyphen, and the underscore that container networks use.
  var isHostNameByte: Bool {
    isASCIIDigit || isASCIILetter || self == 0x2E || self == 0x2D || self == 0x5F
  }
}
