internal import Observability

/// The keys under `aliases`.
extension AliasConfiguration {
  /// Reads `fast: model`, `smart: [model, model]`, or a list of `{to: model, weight: 1}`.
  static func read(
    _ entry: SettingsReader.Entry, _ reading: ConfigurationReading
  ) -> [(target: Target, line: Int)]? {
    guard case .sequence(let elements) = entry.node.content else {
      let name = reading.model(entry.node, path: entry.path)
      return name.map { [(Target(name: $0), entry.line)] }
    }
    var targets: [(target: Target, line: Int)] = []
    for (index, element) in elements.enumerated() {
      let path = "\(entry.path)[\(index)]"
      let line = element.mark.line
      guard case .mapping = element.content else {
        if let name = reading.model(element, path: path) {
          targets.append((Target(name: name), line))
        }
        continue
      }
      SettingsReader.read(element, reading, path: path, pattern: "aliases.*[]") { settings in
        let name = settings.value("to", SettingRule.model)
        if !settings.has("to") { settings.fault("to", "is missing; every target needs it") }
        let weight = settings.value("weight") { (text) throws(SettingProblem) in
          try SettingRule.integer(text, in: 0...1_000_000)
        }
        if let name { targets.append((Target(name: name, weight: weight), line)) }
      }
    }
    if elements.isEmpty {
      reading.fault(line: entry.line, entry.path, "is an empty list; name at least one model")
    }
    let weights = targets.compactMap(\.target.weight)
    if !weights.isEmpty && (weights.count < targets.count || weights.allSatisfy { $0 == 0 }) {
      reading.fault(
        line: entry.line, entry.path,
        "mixes targets with and without a weight, or has no weight above 0")
    }
    return targets.isEmpty ? nil : targets
  }
}

extension ConfigurationReading {
  fileprivate func model(_ node: YAMLNode, path: String) -> String? {
    scalar(node, path: path) { (scalar) throws(SettingProblem) in
      try SettingRule.model(scalar.text)
    }
  }
}
