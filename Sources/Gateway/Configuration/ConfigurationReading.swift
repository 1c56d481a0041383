internal import Images

/// What is found out while a configuration is read: all faults, and which keys there are.
final class ConfigurationReading {
  /// The file's name as it is shown in messages.
  let file: String
  let environment: [String: String]
  /// Whether the process can read the file at a path.
  let isReadable: (String) -> Bool
  /// The bytes of the file at a path; nil where there is none.
  let contents: (String) throws(SettingProblem) -> [UInt8]?
  /// What is wrong with PEM files; nil where nothing is.
  let problem: (PEMFiles) -> String?
  private(set) var faults: [ConfigurationFault] = []
  var warnings: [ConfigurationWarning] = []
  /// Every key that was asked for, with `[]` for a list's index and `*` for a free name.
  private(set) var keys: Set<String> = []
  private var laterChecks: [(ImageCatalog) -> Void] = []

  init(
    file: String, environment: [String: String], isReadable: @escaping (String) -> Bool,
    contents: @escaping (String) throws(SettingProblem) -> [UInt8]? = { _ in nil },
    problem: @escaping (PEMFiles) -> String? = { _ in nil }
  ) {
    self.file = file
    self.problem = problem
    self.contents = contents
    // A variable that is set to nothing counts as not set, as in container definitions.
    self.environment = environment.filter { !$0.value.isEmpty }
    self.isReadable = isReadable
  }

  func note(key pattern: String) {
    keys.insert(pattern)
  }

  func fault(line: Int?, _ key: String, _ message: String) {
    fault(file: file, line: line, key, message)
  }

  func fault(file: String, line: Int?, _ key: String, _ message: String) {
    faults.append(
      ConfigurationFault(source: .file(file, line: line), key: key, message: message))
  }

  func fault(variable: String, _ message: String) {
    faults.append(
      ConfigurationFault(source: .environment(variable), key: "", message: message))
  }

  func fault(_ message: String) {
    faults.append(ConfigurationFault(source: .none, key: "", message: message))
  }

  /// Leaves a check for when it is known who makes pictures.
  func checkLater(_ check: @escaping (ImageCatalog) -> Void) { laterChecks.append(check) }

  /// Runs the checks that were left, unless faults or a choice of the operator's keep image models
  /// from being known.
  func checkNow(_ catalog: ImageCatalog) {
    let isComplete = faults.allSatisfy { fault in
      if case .file(file, _) = fault.source { return !fault.key.hasPrefix("images.providers") }
      return false
    }
    guard isComplete, catalog.providers.contains(where: { !$0.models.isEmpty }) else { return }
    for check in laterChecks { check(catalog) }
  }

  /// Reads a variable by a rule; nil if it is not set, or faulty.
  func variable<Value>(
    _ name: String, _ rule: (String) throws(SettingProblem) -> Value
  ) -> Value? {
    guard let text = environment[name] else { return nil }
    do throws(SettingProblem) {
      return try rule(text)
    } catch {
      fault(variable: name, error.message)
      return nil
    }
  }

  /// Throws everything that is wrong, the faults of each file in the order of its lines.
  func check() throws(ConfigurationError) {
    guard !faults.isEmpty else { return }
    let ordered = faults.enumerated().sorted { a, b in
      (rank(a.element), a.offset) < (rank(b.element), b.offset)
    }
    throw ConfigurationError(faults: ordered.map(\.element))
  }

  /// The configuration file comes before the catalog, and the environment after both.
  private func rank(_ fault: ConfigurationFault) -> Int {
    switch fault.source {
    case .file(let name, let line): (name == file ? 0 : Int.max / 4) + (line ?? 0)
    case .environment: .max - 1
    case .none: .max
    }
  }
}
