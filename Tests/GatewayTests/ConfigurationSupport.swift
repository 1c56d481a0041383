@testable import Gateway

/// Loads `yaml` as `easel.yaml`; every file that it names is readable, unless `missing` has it.
/// `catalog` is that of the working directory.
func load(
  _ yaml: String?, environment: [String: String] = [:], flags: ConfigurationFlags = .init(),
  missing: Set<String> = [], catalog: String? = nil
) throws(ConfigurationError) -> Configuration {
  try Configuration.load(
    yaml: yaml.map { Array($0.utf8) }, name: "easel.yaml", environment: environment, flags: flags,
    isReadable: { !missing.contains($0) },
    contents: { path in path == Configuration.catalogPath ? catalog.map { Array($0.utf8) } : nil })
}

/// What is wrong with a configuration, a line for each fault; empty if nothing is.
func faults(
  _ yaml: String?, environment: [String: String] = [:], flags: ConfigurationFlags = .init(),
  missing: Set<String> = [], catalog: String? = nil
) -> [String] {
  do throws(ConfigurationError) {
    _ = try load(
      yaml, environment: environment, flags: flags, missing: missing, catalog: catalog)
    return []
  } catch {
    return error.faults.map(\.description)
  }
}

/// One valid upstream, four lines long.
let validUpstream = """
  upstreams:
    - name: a
      base_url: http://a.test/v1
      models: [one, two]

  """

/// One valid image provider, five lines long.
let validProvider = """
  images:
    providers:
      - name: p
        base_url: http://p.test/v1
        models: [{id: m}]

  """
