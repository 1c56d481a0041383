#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Ports for programs that cannot choose one by themselves.
package enum FreePort {
  /// Below those that systems give to whoever names none: an outgoing connection would take the port
  /// of a server that is down for a moment.
  private static let range = 20_000...32_000

  /// A port of the loopback interface that nobody listened at a moment ago.
  package static func next() throws -> Int {
    for _ in 0..<100 {
      let port = Int.random(in: range)
      if try isFree(port) { return port }
    }
    throw TestError("no free port")
  }

  private static func isFree(_ port: Int) throws -> Bool {
    #if canImport(Glibc)
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    #else
    let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { throw TestError("no socket: \(errno)") }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = in_port_t(port).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 }
    }
  }
}
