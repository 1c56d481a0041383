/// Tells addresses of the public Internet from those that point inside: a guard against URLs by
/// which a stranger would have the gateway read its own network (server-side request forgery).
package enum AddressGuard {
  /// Whether an address of 4 or 16 bytes in network order is publicly routable (IANA's
  /// special-purpose registries; RFC 6890).
  package static func isPublic(_ ip: [UInt8]) -> Bool {
    switch ip.count {
    case 4: isPublicV4(ip)
    case 16: isPublicV6(ip)
    default: false
    }
  }

  private static func isPublicV4(_ ip: [UInt8]) -> Bool {
    switch (ip[0], ip[1], ip[2]) {
    case (0, _, _), (10, _, _), (127, _, _), (224..., _, _): false
    case (100, 64...127, _): false
    case (169, 254, _), (192, 168, _), (172, 16...31, _): false
    case (192, 0, 0), (192, 0, 2), (192, 88, 99), (198, 51, 100), (203, 0, 113): false
    case (198, 18...19, _): false
    default: true
    }
  }

  private static func isPublicV6(_ ip: [UInt8]) -> Bool {
    let zeros = ip.prefix { $0 == 0 }.count
    // ::, ::1 and the deprecated IPv4-compatible addresses.
    if zeros >= 12 { return false }
    // ::ffff:0:0/96 and ::ffff:0:0:0/96 hold an IPv4 address.
    if zeros == 10 && ip[10] == 0xFF && ip[11] == 0xFF { return isPublicV4(Array(ip[12...])) }
    if zeros == 8 && ip[8] == 0xFF && ip[9] == 0xFF && ip[10] == 0 && ip[11] == 0 {
      return isPublicV4(Array(ip[12...]))
    }
    switch (ip[0], ip[1]) {
    // 64:ff9b::/96 (NAT64) holds an IPv4 address; 64:ff9b:1::/48 is for private use.
    case (0x00, 0x64) where ip[2] == 0xFF && ip[3] == 0x9B:
      return ip[4..<12].allSatisfy { $0 == 0 } && isPublicV4(Array(ip[12...]))
    // 2002::/16 (6to4) holds an IPv4 address.
    case (0x20, 0x02): return isPublicV4(Array(ip[2..<6]))
    // Teredo, benchmarking, ORCHID, documentation.
    case (0x20, 0x01) where ip[2] < 0x02 || (ip[2] == 0x0D && ip[3] == 0xB8): return false
    case (0x3F, 0xFF) where ip[2] < 0x10: return false
    // 2000::/3 is all that is assigned for global use.
    default: return ip[0] & 0xE0 == 0x20
    }
  }
}
