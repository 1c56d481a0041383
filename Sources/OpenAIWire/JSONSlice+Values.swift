extension JSONSlice {
  /// The decoded text of a string; nil for other kinds. A lone escaped surrogate gives U+FFFD.
  package var string: String? {
    kind == .string ? JSONString.text(bytes, range) : nil
  }

  /// The decoded UTF-8 of a string, without making a `String`; nil for other kinds.
  package var stringBytes: [UInt8]? {
    guard kind == .string, range.count >= 2 else { return nil }
    return JSONString.decode(bytes, range.lowerBound + 1..<range.upperBound - 1)
  }

  /// Whether this is a string of exactly the text `other`, compared byte by byte.
  package func isString(_ other: String) -> Bool {
    guard kind == .string, range.count >= 2, JSONString.mayBe(range.count - 2, other) else {
      return false
    }
    return stringBytes?.elementsEqual(other.utf8) ?? false
  }

  /// The value of an integral number that `Int` holds, `1.0` and `1e2` included up to 2^53;
  /// nil for other numbers and kinds.
  package var int: Int? {
    guard kind == .number else { return nil }
    if let value = plainInteger { return value }
    guard raw.contains(where: { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }),
      let value = double, value.magnitude <= 9_007_199_254_740_992
    else { return nil }
    // `Int(exactly:)` would need libm, which a program without Foundation does not link.
    let whole = Int(value)
    return Double(whole) == value ? whole : nil
  }

  /// The nearest double of a number; nil for other kinds, and where it is not finite.
  package var double: Double? {
    guard kind == .number, let value = Double(String(decoding: raw, as: UTF8.self)),
      value.isFinite
    else { return nil }
    return value
  }

  /// The value of `true` or `false`; nil for other kinds.
  package var bool: Bool? {
    switch kind {
    case .true: true
    case .false: false
    default: nil
    }
  }

  /// The value of a number written with digits only, where `Int` holds it.
  private var plainInteger: Int? {
    let isNegative = raw.first == UInt8(ascii: "-")
    var value = 0
    for byte in raw.dropFirst(isNegative ? 1 : 0) {
      guard byte &- UInt8(ascii: "0") < 10 else { return nil }
      let digit = Int(byte &- UInt8(ascii: "0"))
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) =
        isNegative
        ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return value
  }
}
