extension BreakerSnapshot {
  /// The snapshot as a store keeps it: the fields of ``encode()``, a line `name=value` each.
  package var bytes: [UInt8] {
    let lines = encode().sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }
    return Array(lines.joined().utf8)
  }

  /// The longest text that is read.
  private static let longest = 16_384

  /// Reads what ``bytes`` made; nil for anything else.
  package init?(bytes: [UInt8]) {
    guard bytes.count <= Self.longest else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    var fields: [String: String] = [:]
    for line in text.split(separator: "\n") {
      guard let equals = line.firstIndex(of: "=") else { return nil }
      fields[String(line[..<equals])] = String(line[line.index(after: equals)...])
    }
    self.init(fields: fields)
  }
}
