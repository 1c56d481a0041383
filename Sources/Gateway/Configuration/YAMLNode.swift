/// A place in a YAML text; both numbers count from 1.
struct YAMLMark: Hashable, Sendable {
  var line: Int
  var column: Int
}

/// A value in a YAML text, with the place where it stands.
struct YAMLNode: Hashable, Sendable {
  enum Content: Hashable, Sendable {
    case scalar(YAMLScalar)
    case sequence([YAMLNode])
    case mapping([YAMLEntry])
  }

  var mark: YAMLMark
  var content: Content
}

/// A key of a mapping with its value.
struct YAMLEntry: Hashable, Sendable {
  var key: String
  var keyMark: YAMLMark
  var value: YAMLNode
}

/// A scalar as it is written, and as YAML's core schema (1.2.2, section 10.3.2) reads it.
struct YAMLScalar: Hashable, Sendable {
  /// The text without quotes, and with escapes and line folds resolved.
  var text: String
  /// Whether it is written without quotes; only such a scalar can be anything but a string.
  var isPlain: Bool

  /// What a scalar stands for.
  enum Value: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string
  }

  /// Whole numbers that do not fit 64 bits are read as doubles.
  var value: Value {
    guard isPlain else { return .string }
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .double(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .double(-.infinity)
    case ".nan", ".NaN", ".NAN": return .double(.nan)
    default: break
    }
    if let number = Self.integer(text) { return .int(number) }
    if Self.isFloat(text),
      let number = Double(text.hasPrefix("+") ? String(text.dropFirst()) : text)
    {
      return .double(number)
    }
    return .string
  }

  private static func integer(_ text: String) -> Int? {
    if text.hasPrefix("0x") {
      let digits = text.dropFirst(2)
      return digits.utf8.allSatisfy(\.isHexDigit) ? Int(digits, radix: 16) : nil
    }
    if text.hasPrefix("0o") {
      let digits = text.dropFirst(2)
      return digits.utf8.allSatisfy(\.isASCIIDigit) ? Int(digits, radix: 8) : nil
    }
    let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
    return digits.utf8.allSatisfy(\.isASCIIDigit) ? Int(text) : nil
  }

  /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
  private static func isFloat(_ text: String) -> Bool {
    var rest = text.utf8[...]
    func skip(_ bytes: UInt8...) {
      if let first = rest.first, bytes.contains(first) { rest = rest.dropFirst() }
    }
    func digits() -> Int {
      let tail = rest.drop(while: \.isASCIIDigit)
      defer { rest = tail }
      return rest.count - tail.count
    }
    skip(0x2B, 0x2D)
    let whole = digits()
    if rest.first == 0x2E {
      rest = rest.dropFirst()
      let fraction = digits()
      guard whole + fraction > 0 else { return false }
    } else {
      guard whole > 0 else { return false }
    }
    if rest.first == 0x65 || rest.first == 0x45 {
      rest = rest.dropFirst()
      skip(0x2B, 0x2D)
      guard digits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}

/// Why a text is no YAML that Easel reads.
struct YAMLError: Error, Hashable, Sendable {
  /// Where; nil if the text as a whole is meant.
  var mark: YAMLMark?
  var message: String
}
