/// Where a key lies in a cluster.
enum ClusterSlots {
  static let count = 16384

  /// The slot of a key: of what stands between the first `{` and the next `}`, if that is anything.
  /// https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model
  static func slot(of key: [UInt8]) -> Int {
    var part = key[...]
    if let open = key.firstIndex(of: UInt8(ascii: "{")),
      let close = key[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
    {
      part = key[(open + 1)..<close]
    }
    return Int(crc16(part)) % count
  }

  /// CRC-16/XMODEM: polynomial 0x1021, from 0.
  static func crc16(_ bytes: ArraySlice<UInt8>) -> UInt16 {
    var crc: UInt16 = 0
    for byte in bytes {
      crc ^= UInt16(byte) << 8
      for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
    }
    return crc
  }
}

/// Which server has which slots.
struct ClusterMap {
  private var owners = [RedisURL.Host?](repeating: nil, count: ClusterSlots.count)
  private(set) var masters: [RedisURL.Host] = []

  /// No slots.
  init() {}

  /// Reads the answer to `CLUSTER SLOTS`; nil where it is none.
  /// - Parameter asked: the server that was asked: one without an address means itself.
  init?(_ reply: RedisReply, asked: RedisURL.Host) {
    guard let ranges = reply.elements, !ranges.isEmpty else { return nil }
    for range in ranges {
      guard let parts = range.elements, parts.count >= 3, let first = parts[0].integer,
        let last = parts[1].integer, (0..<Int64(ClusterSlots.count)).contains(first),
        first <= last, last < ClusterSlots.count, let master = parts[2].elements,
        master.count >= 2, let port = master[1].integer, (1...65535).contains(port)
      else { return nil }
      let name = master[0].text ?? ""
      let host = RedisURL.Host(name: name.isEmpty ? asked.name : name, port: Int(port))
      for slot in Int(first)...Int(last) { owners[slot] = host }
      if !masters.contains(host) { masters.append(host) }
    }
  }

  subscript(slot: Int) -> RedisURL.Host? { owners[slot] }

  /// Takes the word of a server that a slot has moved.
  mutating func move(_ slot: Int, to host: RedisURL.Host) {
    owners[slot] = host
    if !masters.contains(host) { masters.append(host) }
  }
}

/// A server's word that a key lies elsewhere.
enum ClusterRedirection: Hashable {
  /// For good.
  case moved(slot: Int, RedisURL.Host)
  /// For this command, while the slot moves.
  case ask(RedisURL.Host)

  /// Reads `MOVED 3999 127.0.0.1:6381` and `ASK 3999 127.0.0.1:6381`; nil for anything else.
  /// - Parameter asked: the server that said so: one without an address means itself.
  init?(_ text: String, asked: RedisURL.Host) {
    let words = text.split(separator: " ")
    guard words.count == 3, let slot = Int(words[1]), (0..<ClusterSlots.count).contains(slot),
      let colon = words[2].lastIndex(of: ":"),
      let port = Int(words[2][words[2].index(after: colon)...]), (1...65535).contains(port)
    else { return nil }
    let name = words[2][..<colon].filter { $0 != "[" && $0 != "]" }
    let host = RedisURL.Host(name: name.isEmpty ? asked.name : name, port: port)
    switch words[0] {
    case "MOVED": self = .moved(slot: slot, host)
    case "ASK": self = .ask(host)
    default: return nil
    }
  }
}
