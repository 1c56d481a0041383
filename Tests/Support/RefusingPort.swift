#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A port of the loopback interface at which nobody listens, and which nobody else gets, as long as
/// this is kept: connections are refused.
package final class RefusingPort: Sendable {
  /// Below those that systems give to whoever names none: an outgoing connection would take the port
  /// of a server that is down for a moment.
  private static let range = 20_000...32_000

  package let number: Int
  private let descriptor: Int32

  package init() throws {
    #if canImport(Glibc)
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    #else
    let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { throw TestError("no socket: \(errno)") }
    for _ in 0..<100 {
      let port = Int.random(in: Self.range)
      guard Self.bind(descriptor, to: port) else { continue }
      (number, self.descriptor) = (port, descriptor)
      return
    }
    close(descriptor)
    throw TestError("no free port")
  }

  deinit { close(descriptor) }

  private static func bind(_ descriptor: Int32, to port: Int) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = in_port_t(port).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        #if canImport(Glibc)
        Glibc.bind(descriptor, $0, size) == 0
        #else
        Darwin.bind(descriptor, $0, size) == 0
        #endif
      }
    }
  }
}
