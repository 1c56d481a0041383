/// Everything that is wrong with a configuration, in the order of the file's lines.
package struct ConfigurationError: Error, Hashable, CustomStringConvertible {
  /// At least one.
  package var faults: [ConfigurationFault]

  /// One line for each fault.
  package var description: String {
    faults.map(\.description).joined(separator: "\n")
  }
}

/// One thing that is wrong: where, and what is allowed there.
package struct ConfigurationFault: Error, Hashable, CustomStringConvertible {
  /// Where a setting comes from.
  package enum Source: Hashable, Sendable {
    /// A line of a file, counted from 1; nil means the file as a whole.
    case file(String, line: Int?)
    /// An environment variable.
    case environment(String)
    /// The configuration as a whole.
    case none
  }

  /// Where the setting stands.
  package var source: Source
  /// The setting's path in the file, such as `upstreams[0].base_url`; empty if it has none.
  package var key: String
  /// What is wrong, and what is allowed. Never holds a key or password.
  package var message: String

  /// `easel.yaml:12: upstreams[0].base_url: must begin with https:// or http://`.
  package var description: String {
    var parts: [String] = []
    switch source {
    case .file(let name, let line): parts.append(line.map { "\(name):\($0)" } ?? name)
    case .environment(let name): parts.append(name)
    case .none: break
    }
    if !key.isEmpty { parts.append(key) }
    parts.append(message)
    return parts.joined(separator: ": ")
  }
}
