internal import Observability

/// Reading settings of the usual types; a key that is absent or faulty leaves the target alone.
extension SettingsReader {
  mutating func read(_ key: String, _ target: inout Bool) {
    let value = scalar(key) { (scalar) throws(SettingProblem) -> Bool in
      if case .bool(let flag) = scalar.value { return flag }
      throw SettingProblem("\(Quoted(scalar.text)) is not true or false\(Self.hint(scalar))")
    }
    if let value { target = value }
  }

  mutating func read(_ key: String, _ target: inout Int, in range: ClosedRange<Int>) {
    let value = scalar(key) { (scalar) throws(SettingProblem) -> Int in
      if case .int(let number) = scalar.value {
        return try SettingRule.checked(number, in: range)
      }
      throw SettingProblem("\(Quoted(scalar.text)) is not a whole number\(Self.hint(scalar))")
    }
    if let value { target = value }
  }

  mutating func read(_ key: String, _ target: inout Double?, in range: ClosedRange<Int>) {
    let value = scalar(key) { (scalar) throws(SettingProblem) -> Double in
      let number: Double
      switch scalar.value {
      case .int(let whole): number = Double(whole)
      case .double(let double): number = double
      default:
        throw SettingProblem("\(Quoted(scalar.text)) is not a number\(Self.hint(scalar))")
      }
      guard number >= Double(range.lowerBound) && number <= Double(range.upperBound) else {
        throw SettingProblem(
          "\(scalar.text) is out of range: \(range.lowerBound) to \(range.upperBound) is allowed")
      }
      return number
    }
    if let value { target = value }
  }

  mutating func read(_ key: String, _ target: inout Duration, in range: ClosedRange<Duration>) {
    let value = value(key) { (text) throws(SettingProblem) in
      try SettingRule.duration(text, in: range)
    }
    if let value { target = value }
  }

  mutating func read(_ key: String, _ target: inout ByteCount, in range: ClosedRange<ByteCount>) {
    let value = value(key) { (text) throws(SettingProblem) in
      try SettingRule.size(text, in: range)
    }
    if let value { target = value }
  }

  mutating func read<Value: RawRepresentable<String> & CaseIterable>(
    _ key: String, _ target: inout Value
  ) {
    let value = value(key) { (text) throws(SettingProblem) in
      try SettingRule.choice(text, Value.self)
    }
    if let value { target = value }
  }

  /// A list of different values, of which there is at least one; empty where the key is absent.
  mutating func choices<Value: Hashable>(
    _ key: String, _ most: Int, _ rule: (String) throws(SettingProblem) -> Value
  ) -> [Value] {
    guard has(key) else {
      _ = entry(key)
      return []
    }
    let before = reading.faults.count
    let values = list(key, rule) ?? []
    if values.isEmpty, reading.faults.count == before {
      fault(key, "is an empty list; leave the key out to allow all")
    }
    if values.count > most {
      fault(key, "has \(values.count) entries; at most \(most) are allowed")
    }
    var seen: Set<Value> = []
    if let twice = values.first(where: { !seen.insert($0).inserted }) {
      fault(key, "names \(Quoted("\(twice)")) twice")
    }
    return values
  }

  /// The path of a file that the process can read.
  mutating func file(_ key: String) -> String? {
    let reading = reading
    return value(key) { (text) throws(SettingProblem) in
      guard reading.isReadable(text) else {
        throw SettingProblem("the file \(Quoted(path: text)) does not exist or cannot be read")
      }
      return text
    }
  }

  /// The path of a PEM file of certificates.
  mutating func certificates(_ key: String) -> String? {
    guard let path = file(key) else { return nil }
    guard let problem = reading.problem(.certificates(path)) else { return path }
    fault(key, "the file \(Quoted(path: path)) cannot be used: \(problem)")
    return nil
  }

  private static func hint(_ scalar: YAMLScalar) -> String {
    guard !scalar.isPlain else { return "" }
    let unquoted = YAMLScalar(text: scalar.text, isPlain: true)
    return unquoted.value == .string ? "" : ": write it without quotes"
  }
}
