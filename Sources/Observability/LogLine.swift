/// Writes one log line as a JSON object behind the lines that are in the buffer already.
///
/// A line is never longer than its limit: a text that does not fit is cut at a character, a field
/// that does not fit is left out, and the line then says `"truncated":true`.
///
/// Not copyable, so that growing the buffer never copies it.
struct LogLine: ~Copyable {
  /// The buffer: earlier lines, then this one.
  private(set) var bytes: [UInt8]
  private let end: Int
  private var isTruncated = false
  private static let time = Array(#"{"time":""#.utf8)
  private static let level = Array(#"","level":""#.utf8)
  private static let message = Array(#"","message":"#.utf8)
  private static let closing = Array(#","truncated":true}"#.utf8) + [UInt8(ascii: "\n")]

  /// Begins a line of at most `limit` bytes (at least 128) behind `bytes`.
  init(appendingTo bytes: consuming [UInt8], limit: Int) {
    end = bytes.count + limit - Self.closing.count
    self.bytes = bytes
  }

  /// Writes the part that every line has.
  mutating func begin(_ clock: inout LogClock, _ level: LogLevel, _ message: String) {
    bytes.append(contentsOf: Self.time)
    clock.appendNow(to: &bytes)
    bytes.append(contentsOf: Self.level)
    append(level.rawValue)
    bytes.append(contentsOf: Self.message)
    append(quoted: message)
  }

  /// Writes fields that were made before with ``field(_:_:)``.
  mutating func append(rendered fields: [UInt8]) {
    guard bytes.count + fields.count <= end else {
      isTruncated = true
      return
    }
    bytes.append(contentsOf: fields)
  }

  /// Writes one field; an absent value writes nothing.
  mutating func field(_ key: LogKey, _ value: LogValue?) {
    switch value {
    case .string(let text): field(key, text)
    case .int(let number): field(key, number)
    case .duration(let duration): field(key, duration)
    case .double(let number):
      guard begin(key) else { return }
      bytes.append(contentsOf: (number.isFinite ? number.description : "null").utf8)
    case .bool(let flag):
      guard begin(key) else { return }
      bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    case nil: break
    }
  }

  /// Writes one field; an absent text writes nothing.
  mutating func field(_ key: LogKey, _ text: String?) {
    if let text, begin(key) { append(quoted: text) }
  }

  /// Writes one field; an absent number writes nothing.
  mutating func field(_ key: LogKey, _ number: Int?) {
    if let number, begin(key) { append(number) }
  }

  /// Writes one field; an absent duration writes nothing.
  mutating func field(_ key: LogKey, _ duration: Duration?) {
    if let duration, begin(key) { append(milliseconds: duration) }
  }

  /// Writes one field with a text that has nothing in it that JSON escapes.
  mutating func field(_ key: LogKey, plain text: String) {
    guard begin(key) else { return }
    guard bytes.count + text.utf8.count < end else { return append(quoted: text) }
    bytes.append(UInt8(ascii: "\""))
    append(text)
    bytes.append(UInt8(ascii: "\""))
  }

  /// - Returns: whether there is room for a value.
  private mutating func begin(_ key: LogKey) -> Bool {
    // For the longest number, or for the shortest cut text.
    guard bytes.count + key.rendered.count + 36 <= end else {
      isTruncated = true
      return false
    }
    bytes.append(contentsOf: key.rendered)
    return true
  }

  /// Ends the line and gives the buffer back.
  consuming func finish() -> [UInt8] {
    if isTruncated {
      bytes.append(contentsOf: Self.closing)
    } else {
      bytes.append(UInt8(ascii: "}"))
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }

  private mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  private mutating func append(_ number: Int) {
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    var digits = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
    var start = digits.count
    var rest = number.magnitude
    repeat {
      start -= 1
      digits[start] += UInt8(rest % 10)
      rest /= 10
    } while rest > 0
    for index in start..<digits.count { bytes.append(digits[index]) }
  }

  private mutating func append(milliseconds duration: Duration) {
    let micros = duration.nanoseconds / 1000
    if micros < 0 { bytes.append(UInt8(ascii: "-")) }
    let size = micros.magnitude
    append(Int(size / 1000))
    let fraction = size % 1000
    guard fraction != 0 else { return }
    bytes.append(UInt8(ascii: "."))
    bytes.append(UInt8(ascii: "0") + UInt8(fraction / 100))
    bytes.append(UInt8(ascii: "0") + UInt8(fraction / 10 % 10))
    bytes.append(UInt8(ascii: "0") + UInt8(fraction % 10))
  }

  private mutating func append(quoted text: String) {
    bytes.append(UInt8(ascii: "\""))
    if Self.isPlain(text) && bytes.count + text.utf8.count < end {
      append(text)
    } else {
      appendEscaped(text)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Whether the text can stand between quotes as it is.
  private static func isPlain(_ text: String) -> Bool {
    let span = text.utf8Span.span
    for index in span.indices {
      let byte = span[index]
      // 0xC2 begins the C1 control characters, which some terminals obey.
      if byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0x7F || byte == 0xC2 {
        return false
      }
    }
    return true
  }

  private mutating func appendEscaped(_ text: String) {
    for scalar in text.unicodeScalars {
      // The longest escape has 6 bytes; the ellipsis and the closing quote take 4 more.
      guard bytes.count + 10 <= end else {
        isTruncated = true
        bytes.append(contentsOf: "…".utf8)
        return
      }
      switch scalar {
      case "\"": bytes.append(contentsOf: #"\""#.utf8)
      case "\\": bytes.append(contentsOf: #"\\"#.utf8)
      case "\n": bytes.append(contentsOf: #"\n"#.utf8)
      case "\r": bytes.append(contentsOf: #"\r"#.utf8)
      case "\t": bytes.append(contentsOf: #"\t"#.utf8)
      case "\u{00}"..."\u{1F}", "\u{7F}"..."\u{9F}":
        bytes.append(contentsOf: #"\u00"#.utf8)
        bytes.append(Self.hexDigit(scalar.value >> 4))
        bytes.append(Self.hexDigit(scalar.value & 0xF))
      default:
        bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      }
    }
  }

  private static func hexDigit(_ value: UInt32) -> UInt8 {
    let digit = UInt8(truncatingIfNeeded: value)
    return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
  }
}
