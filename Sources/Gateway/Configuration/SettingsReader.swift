internal import Observability

/// Reads the keys of one mapping of the file, and at the end reports those that nobody asked for.
///
/// An absent key, and a key without a value, leaves the default.
struct SettingsReader {
  let reading: ConfigurationReading
  /// The mapping's path, such as `upstreams[0]`, and the same with `[]` for the index.
  let path: String
  let pattern: String
  let line: Int
  private let entries: [YAMLEntry]
  private var known: [String] = []

  /// A value of a mapping with the place where it stands.
  struct Entry {
    let path: String
    let line: Int
    let node: YAMLNode
  }

  /// Reads `node` with `body`; a node that is not a mapping is a fault.
  static func read(
    _ node: YAMLNode, _ reading: ConfigurationReading, path: String, pattern: String,
    body: (inout SettingsReader) -> Void
  ) {
    guard case .mapping(let entries) = node.content else {
      reading.fault(
        line: node.mark.line, path, "is \(node.kindName); a mapping of keys and values is needed")
      return
    }
    var reader = SettingsReader(
      reading: reading, path: path, pattern: pattern, line: node.mark.line, entries: entries)
    body(&reader)
    reader.reportUnknownKeys()
  }

  private init(
    reading: ConfigurationReading, path: String, pattern: String, line: Int, entries: [YAMLEntry]
  ) {
    self.reading = reading
    self.path = path
    self.pattern = pattern
    self.line = line
    self.entries = entries
  }

  /// The value of `key`; nil if it is absent or null.
  mutating func entry(_ key: String, isLeaf: Bool = true) -> Entry? {
    known.append(key)
    if isLeaf { reading.note(key: join(pattern, key)) }
    guard let entry = entries.first(where: { $0.key == key }), !entry.value.isNull else {
      return nil
    }
    return Entry(path: join(path, key), line: entry.keyMark.line, node: entry.value)
  }

  /// Whether the key stands in the file with a value.
  func has(_ key: String) -> Bool {
    entries.contains { $0.key == key && !$0.value.isNull }
  }

  func fault(_ key: String, _ message: String) {
    let entry = entries.first { $0.key == key }
    reading.fault(line: entry?.keyMark.line ?? line, join(path, key), message)
  }

  /// Reads a scalar by a rule; nil if it is absent, or faulty.
  mutating func value<Value>(
    _ key: String, _ rule: (String) throws(SettingProblem) -> Value
  ) -> Value? {
    scalar(key) { (scalar) throws(SettingProblem) in try rule(scalar.text) }
  }

  /// Reads a scalar by a rule; nil if it is absent, or faulty.
  mutating func scalar<Value>(
    _ key: String, _ rule: (YAMLScalar) throws(SettingProblem) -> Value
  ) -> Value? {
    guard let entry = entry(key) else { return nil }
    return reading.scalar(entry.node, path: entry.path, rule)
  }

  /// Reads a list of scalars, each by a rule; nil if it is absent or no list.
  mutating func list<Value>(
    _ key: String, _ rule: (String) throws(SettingProblem) -> Value
  ) -> [Value]? {
    guard let entry = entry(key) else { return nil }
    guard case .sequence(let elements) = entry.node.content else {
      reading.fault(
        line: entry.line, entry.path, "is \(entry.node.kindName); a list such as [a, b] is needed")
      return nil
    }
    return elements.enumerated().compactMap { index, element in
      reading.scalar(element, path: "\(entry.path)[\(index)]") { (scalar) throws(SettingProblem) in
        try rule(scalar.text)
      }
    }
  }

  /// Reads the keys of a mapping within this one.
  mutating func section(_ key: String, _ body: (inout SettingsReader) -> Void) {
    // Without the section its keys are still asked for, so that they are known.
    let entry = entry(key, isLeaf: false)
    guard let entry else { return }
    Self.read(
      entry.node, reading, path: entry.path, pattern: join(pattern, key), body: body)
  }

  /// Reads a list of mappings.
  mutating func sections(_ key: String, _ body: (inout SettingsReader) -> Void) {
    guard let entry = entry(key, isLeaf: false) else { return }
    guard case .sequence(let elements) = entry.node.content else {
      reading.fault(
        line: entry.line, entry.path,
        "is \(entry.node.kindName); a list is needed, each entry beginning with '- '")
      return
    }
    for (index, element) in elements.enumerated() {
      Self.read(
        element, reading, path: "\(entry.path)[\(index)]", pattern: "\(join(pattern, key))[]",
        body: body)
    }
  }

  /// Reads a mapping with free keys and scalar values.
  mutating func pairs<Value>(
    _ key: String, _ rule: (String, String) throws(SettingProblem) -> Value
  ) -> [(name: String, line: Int, value: Value)] {
    let found = entry(key, isLeaf: false)
    reading.note(key: "\(join(pattern, key)).*")
    guard let found else { return [] }
    guard case .mapping(let entries) = found.node.content else {
      reading.fault(
        line: found.line, found.path,
        "is \(found.node.kindName); a mapping of names and texts is needed")
      return []
    }
    return entries.compactMap { entry in
      let path = "\(found.path).\(entry.key)"
      let value = reading.scalar(entry.value, path: path) { (scalar) throws(SettingProblem) in
        try rule(entry.key, scalar.text)
      }
      return value.map { (entry.key, entry.keyMark.line, $0) }
    }
  }

  /// Reads a mapping with free keys, whose values are read by somebody else.
  /// - Parameters:
  ///   - isLeaf: whether a value may be one without keys of its own.
  ///   - rule: for the keys.
  mutating func named(
    _ key: String, isLeaf: Bool = true, _ rule: (String) throws(SettingProblem) -> String
  ) -> [(name: String, entry: Entry)] {
    let found = entry(key, isLeaf: false)
    if isLeaf { reading.note(key: "\(join(pattern, key)).*") }
    guard let found else { return [] }
    guard case .mapping(let entries) = found.node.content else {
      reading.fault(
        line: found.line, found.path,
        "is \(found.node.kindName); a mapping of names and \(isLeaf ? "texts" : "settings") is "
          + "needed")
      return []
    }
    return entries.compactMap { entry in
      let place = Entry(
        path: "\(found.path).\(entry.key)", line: entry.keyMark.line, node: entry.value)
      do throws(SettingProblem) { return (try rule(entry.key), place) } catch {
        reading.fault(line: place.line, place.path, error.message)
        return nil
      }
    }
  }

  private func reportUnknownKeys() {
    for entry in entries where !known.contains(entry.key) {
      let path = join(path, Quoted(entry.key).plain)
      let hint: String
      if entry.key == "api_key" && known.contains("api_key_env") {
        hint = "keys don't belong in the file: name the key's environment variable in api_key_env"
      } else if let nearest = Suggestion.nearest(to: entry.key, in: known) {
        hint = "did you mean '\(nearest)'?"
      } else {
        hint = "known here: \(known.joined(separator: ", "))"
      }
      reading.fault(line: entry.keyMark.line, path, "unknown key; \(hint)")
    }
  }

  private func join(_ path: String, _ key: String) -> String {
    path.isEmpty ? key : "\(path).\(key)"
  }
}

extension ConfigurationReading {
  /// Reads a scalar node by a rule; nil if it is no scalar, null, or faulty.
  func scalar<Value>(
    _ node: YAMLNode, path: String, _ rule: (YAMLScalar) throws(SettingProblem) -> Value
  ) -> Value? {
    guard case .scalar(let scalar) = node.content, !node.isNull else {
      fault(line: node.mark.line, path, "is \(node.kindName); a single value is needed")
      return nil
    }
    do throws(SettingProblem) {
      return try rule(scalar)
    } catch {
      fault(line: node.mark.line, path, error.message)
      return nil
    }
  }
}

extension YAMLNode {
  var isNull: Bool {
    if case .scalar(let scalar) = content { scalar.value == .null } else { false }
  }

  var kindName: String {
    switch content {
    case .scalar: isNull ? "empty" : "a single value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}
