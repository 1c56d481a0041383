/// A delay that an error says in words: "Please retry in 34.4s", "try again in 120ms",
/// "retry after 21 seconds", "Your rate limit resets in ~30s".
enum SpokenDelay {
  private static let phrases = ["retry in ", "try again in ", "retry after ", "resets in "]
  private static let textLimit = 4096

  /// The first that stands behind one of the phrases; nil where there is none below a year.
  static func find(in text: String) -> Duration? {
    let text = Array(text.lowercased().utf8.prefix(textLimit))
    for phrase in phrases {
      guard let start = text.firstRange(of: Array(phrase.utf8))?.upperBound else { continue }
      let rest = text[start...].drop { $0 == UInt8(ascii: "~") }
      let digits = rest.prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
      let unit = rest.dropFirst(digits.count).drop { $0 == 0x20 }
      if let delay = delay(digits, unit) { return delay }
    }
    return nil
  }

  /// Reads `34.4s`, as a protobuf duration is written in JSON.
  static func read(_ text: String) -> Duration? {
    guard text.utf8.last == UInt8(ascii: "s") else { return nil }
    return delay(Array(text.utf8.dropLast())[...], Array("s".utf8)[...])
  }

  private static func delay(_ digits: ArraySlice<UInt8>, _ unit: ArraySlice<UInt8>) -> Duration? {
    guard let value = Double(String(decoding: digits, as: UTF8.self)), value >= 0, value < 3.2e7
    else { return nil }
    if unit.starts(with: "ms".utf8) { return .seconds(value / 1000) }
    if unit.starts(with: "s".utf8) { return .seconds(value) }
    // "1m30s" is rounded down, to be asked again rather too soon.
    return unit.first == UInt8(ascii: "m") ? .seconds(value * 60) : nil
  }
}
