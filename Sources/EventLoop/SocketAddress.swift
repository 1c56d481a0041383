internal import CLibuv

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// An IPv4 or IPv6 address with a port.
package struct SocketAddress: Sendable, CustomStringConvertible {
  var storage: sockaddr_storage

  init(_ address: UnsafePointer<sockaddr>) {
    storage = sockaddr_storage()
    let size =
      Int32(address.pointee.sa_family) == AF_INET6
      ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
    // The family decides how many bytes lie behind the pointer.
    withUnsafeMutableBytes(of: &storage) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: size))
    }
  }

  /// The address of a literal such as `127.0.0.1` or `::1`; nil if it is none.
  package init?(ip: String, port: Int) {
    guard let port = Int32(exactly: port), (0...65535).contains(port) else { return nil }
    var v4 = sockaddr_in()
    var v6 = sockaddr_in6()
    if uv_ip4_addr(ip, port, &v4) == 0 {
      self = withUnsafePointer(to: &v4) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0) }
      }
    } else if uv_ip6_addr(ip, port, &v6) == 0 {
      self = withUnsafePointer(to: &v6) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0) }
      }
    } else {
      return nil
    }
  }

  func withPointer<R>(_ body: (UnsafePointer<sockaddr>) throws -> R) rethrows -> R {
    // Every socket address is at most as large as, and aligned like, `sockaddr_storage`.
    try withUnsafePointer(to: storage) {
      try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body($0) }
    }
  }

  var family: Int32 { Int32(storage.ss_family) }
  /// Whether this is an IPv6 address.
  package var isIPv6: Bool { family == AF_INET6 }

  /// The port, 0 to 65535.
  package var port: Int {
    withUnsafeBytes(of: storage) { Int($0[2]) << 8 | Int($0[3]) }
  }

  /// The address alone, 4 or 16 bytes in network order.
  package var ipBytes: [UInt8] {
    // `sin_addr` lies at offset 4 and `sin6_addr` at offset 8 on Linux and macOS alike.
    withUnsafeBytes(of: storage) { isIPv6 ? Array($0[8..<24]) : Array($0[4..<8]) }
  }

  /// The address alone, as text.
  package var ip: String {
    var buffer = [CChar](repeating: 0, count: 64)
    withPointer { address in
      UnsafeRawPointer(address).withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { v6 in
        UnsafeRawPointer(address).withMemoryRebound(to: sockaddr_in.self, capacity: 1) { v4 in
          _ = isIPv6 ? uv_ip6_name(v6, &buffer, 64) : uv_ip4_name(v4, &buffer, 64)
        }
      }
    }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// `192.0.2.1:80` or `[2001:db8::1]:80`.
  package var description: String { isIPv6 ? "[\(ip)]:\(port)" : "\(ip):\(port)" }
}
