/// How durations are written in the configuration: a number and one of `ms`, `s`, `m`, `h`, `d`.
extension Duration {
  private static let units: [(name: String, milliseconds: Int64)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]

  /// The duration that `text` says, such as `500ms`, `10s`, `1.5s`, `2m`, `1h` or `30d`; nil if it
  /// is in no such form, or longer than 100 years. A bare number has no unit, except `0`.
  package init?(configurationText text: String) {
    if text == "0" {
      self = .zero
      return
    }
    guard let unit = Self.units.first(where: { text.hasSuffix($0.name) }) else { return nil }
    let parts = text.dropLast(unit.name.count).split(
      separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    for part in parts {
      guard !part.isEmpty, part.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    }
    guard let whole = parts.first.flatMap({ Int64($0) }), whole <= 3_155_760_000_000 else {
      return nil
    }
    var milliseconds = whole * unit.milliseconds
    if parts.count == 2 {
      guard parts[1].count <= 3, let fraction = Int64(parts[1]) else { return nil }
      let scale: Int64 = [10, 100, 1000][parts[1].count - 1]
      guard (fraction * unit.milliseconds).isMultiple(of: scale) else { return nil }
      milliseconds += fraction * unit.milliseconds / scale
    }
    guard milliseconds <= 3_155_760_000_000 else { return nil }
    self = .milliseconds(milliseconds)
  }

  /// The duration in the largest unit that divides it: `2m`, `90s`, `1500ms`.
  package var configurationText: String {
    let milliseconds = Int64(self / .milliseconds(1))
    guard milliseconds != 0 else { return "0s" }
    for unit in Self.units.reversed() where milliseconds.isMultiple(of: unit.milliseconds) {
      return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
    return "\(milliseconds)ms"
  }
}
