import Foundation
import Images
import Observability
import Testing

@testable import Gateway

/// The commented sample file of this package.
let sampleFile = URL(filePath: #filePath).deletingLastPathComponent()
  .appending(path: "../../config/easel.yaml").standardizedFileURL.path()

@Suite("The configuration reference")
struct ConfigurationReferenceTests {
  private func sample() throws -> String {
    try String(contentsOfFile: sampleFile, encoding: .utf8)
  }

  /// The sample with every setting that is off turned on: `#` and no space begins one.
  private func fullSample() throws -> String {
    try sample().split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let text = line.drop { $0 == " " }
      guard text.first == "#", let second = text.dropFirst().first, second != " " else {
        return String(line)
      }
      return String(repeating: " ", count: line.count - text.count) + text.dropFirst()
    }
    .joined(separator: "\n")
  }

  private func reading(
    _ yaml: String, environment: [String: String] = [:]
  ) throws -> (configuration: Configuration, keys: Set<String>) {
    let reading = ConfigurationReading(
      file: "easel.yaml", environment: environment, isReadable: { _ in true },
      contents: { _ in Array(smallCatalog.utf8) })
    let configuration = try Configuration.load(yaml: Array(yaml.utf8), reading)
    return (configuration, reading.keys)
  }

  @Test("the sample file loads as it is, and means OpenAI")
  func sampleLoads() throws {
    let configuration = try reading(try sample(), environment: ["OPENAI_API_KEY": "k"])
      .configuration
    #expect(configuration.warnings.isEmpty)
    #expect(configuration.upstreams.map(\.name) == ["openai"])
    var plain = configuration
    (plain.upstreams, plain.catalog) = ([], CatalogConfiguration())
    #expect(plain == Configuration())
  }

  @Test("the sample file loads with everything in it turned on")
  func fullSampleLoads() throws {
    let configuration = try reading(try fullSample()).configuration
    #expect(configuration.upstreams.count == 4)
    #expect(configuration.images.providers.count == 2)
    #expect(configuration.images.profiles.map(\.name) == ["shop"])
    #expect(configuration.tls != nil)
  }

  @Test("the sample file shows every key that is read, and no other")
  func sampleIsComplete() throws {
    let root = try #require(YAMLComposer.compose(Array(try fullSample().utf8)).root)
    var shown: Set<String> = []
    collect(root, "", into: &shown)
    #expect(shown == Set(ConfigurationReference.keys.map(\.path)))
  }

  @Test("the table has every key that is read, once, and no other")
  func tableIsComplete() throws {
    let paths = ConfigurationReference.keys.map(\.path)
    #expect(Set(paths).count == paths.count)
    #expect(try reading(try fullSample()).keys == Set(paths))
  }

  @Test("a default of the table changes nothing when it is written down")
  func defaults() throws {
    for key in ConfigurationReference.keys where !key.standard.hasPrefix("(") {
      let (plain, written) = try pair(for: key)
      #expect(plain == written, "\(key.path): \(key.standard)")
    }
  }

  @Test("a default of the table's variables changes nothing when it is set")
  func variableDefaults() throws {
    let plain = try load(nil, environment: ["OPENAI_API_KEY": "k"])
    for variable in ConfigurationReference.variables where !variable.standard.hasPrefix("(") {
      let environment = ["OPENAI_API_KEY": "k", variable.name: variable.standard]
      #expect(try load(nil, environment: environment) == plain, "\(variable.name)")
    }
  }

  @Test("every variable of the table is read, and shown in the help of serve")
  func variablesAreRead() throws {
    let plain = try load(nil, environment: ["OPENAI_API_KEY": "k"])
    let examples = [
      "OPENAI_API_KEY": "other", "OPENAI_BASE_URL": "http://a/v1", "EASEL_IMAGE_MODEL": "none",
      "EASEL_LISTEN": "[::1]:1", "EASEL_THREADS": "9", "EASEL_PUBLIC_URL": "http://b",
      "EASEL_STATE": "memory:", "REDIS_URL": "redis://r", "EASEL_ADMIN_KEY": "secret",
      "CIRCUIT_BREAKER_ENABLED": "false", "CIRCUIT_BREAKER_FAILURE_THRESHOLD": "9",
      "CIRCUIT_BREAKER_TIMEOUT_MS": "1000", "EASEL_LOG_LEVEL": "error", "MAX_TOOL_ITERATIONS": "9",
      "HTTPS_PROXY": "http://c",
    ]
    for variable in ConfigurationReference.variables {
      #expect(CommandLineHelp.serve.contains("\n  \(variable.name)"))
      guard !["NO_PROXY", "EASEL_CATALOG"].contains(variable.name) else { continue }
      var environment = ["OPENAI_API_KEY": "k"]
      let example = try #require(examples[variable.name])
      environment[variable.name] = example
      #expect(try load(nil, environment: environment) != plain, "\(variable.name)")
    }
  }

  @Test("the Markdown has a row for each, and intact cells")
  func markdown() {
    let lines = ConfigurationReference.markdown().split(separator: "\n")
    let rows = ConfigurationReference.keys.count + ConfigurationReference.variables.count
    #expect(lines.count == rows + 4)
    #expect(lines.allSatisfy { $0.count { $0 == "|" } == 4 })
    #expect(lines.contains("| `EASEL_LISTEN` | `127.0.0.1:8080` | Beats `listen` |"))
    #expect(
      lines.contains(
        "| `limits.body` | `64MiB` | Longest request body, 1KiB to 1GiB |"))
  }

  /// The paths of a tree's leaves, as the table writes them.
  private func collect(_ node: YAMLNode, _ path: String, into paths: inout Set<String>) {
    switch node.content {
    case .scalar: paths.insert(path)
    case .sequence(let elements):
      for element in elements {
        if case .mapping = element.content {
          collect(element, "\(path)[]", into: &paths)
        } else {
          paths.insert(path)
        }
      }
    case .mapping(let entries):
      for entry in entries {
        let isFree = ["aliases", "upstreams[].headers", "images.profiles"].contains(path)
        collect(
          entry.value, (path.isEmpty ? "" : "\(path).") + (isFree ? "*" : entry.key), into: &paths)
      }
    }
  }

  /// The same configuration without and with one key.
  private func pair(
    for key: ConfigurationReference.Key
  ) throws -> (Configuration, Configuration) {
    func flow(_ path: Substring) -> String {
      path.split(separator: ".").reversed().reduce(key.standard) { "{\($1): \($0)}" }
    }
    let upstream = "name: a, base_url: 'http://a'"
    let provider = "name: p, base_url: 'http://p'"
    func yaml(_ settings: [String: String]) -> String {
      var lines = [
        "upstreams: [{\(upstream)\(settings["upstreams[]"] ?? "")}]"
      ]
      let model = "{id: m\(settings["images.providers[].models[]"] ?? "")}"
      let images =
        "providers: [{\(provider), models: [\(model)]\(settings["images.providers[]"] ?? "")}]"
      let store = settings["images.store.s3"].map {
        ", store: {s3: {endpoint: 'http://s', bucket: bbb\($0)}}"
      }
      let profiles = settings["images.profiles.*"].map {
        ", profiles: {a: {size: 8x8\($0)}}"
      }
      lines.append(
        "images: {\(images)\(store ?? "")\(profiles ?? "")\(settings["images"] ?? "")}")
      if let top = settings[""] { lines.append(top) }
      return lines.joined(separator: "\n")
    }
    let places = [
      "images.providers[].models[]", "images.providers[]", "images.profiles.*", "upstreams[]",
      "images.store.s3", "images",
    ]
    let plain = try reading(yaml([:])).configuration
    if let place = places.first(where: { key.path.hasPrefix("\($0).") }) {
      let isOptional = ["images.store.s3", "images.profiles.*"].contains(place)
      let plain = isOptional ? try reading(yaml([place: ""])).configuration : plain
      let inner = flow(key.path.dropFirst(place.count + 1)).dropFirst().dropLast()
      return (plain, try reading(yaml([place: ", \(inner)"])).configuration)
    }
    let top = flow(key.path[...]).dropFirst().dropLast()
    return (plain, try reading(yaml(["": String(top)])).configuration)
  }
}
