import Foundation
import Simulator
import Testing

/// A configuration and a provider catalog for `easel serve`, in a folder of their own, by which every
/// simulated provider draws; and the environment with a key for each.
struct CatalogFiles {
  let arguments: [String]
  let environment: [String: String]
  private let folder: URL

  /// - Parameters:
  ///   - providers: those that are turned on by their feature flags; nil for all.
  ///   - first: `provider/model`, which is asked before all others.
  ///   - timeout: of the provider of `first`, in seconds.
  ///   - configuration: more lines of YAML.
  ///   - breakers: whether there are circuit breakers.
  init(
    _ simulator: SimulatorServer, providers: Set<String>? = nil, first: String? = nil,
    timeout: Int? = nil, configuration: String = "", breakers: Bool = false
  ) throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("easel-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let address = "http://127.0.0.1:\(simulator.port)"
    var catalog = try Self.template(address)
    var variables = [
      "UPSTREAM_KEY": "canary-upstream", "CIRCUIT_BREAKER_ENABLED": "\(breakers)",
    ]
    var image = try #require(catalog["image"] as? [String: Any])
    var entries = try #require(image["providers"] as? [String: [String: Any]])
    for (name, entry) in entries {
      // AUTOMATIC1111 is behind a name and a password, if anything.
      let key = name == "automatic1111" ? "user:password" : "canary-\(name)"
      variables[try #require(entry["apiKeyEnv"] as? String)] = key
      let flag = try #require(entry["featureFlag"] as? String)
      variables[flag] = providers?.contains(name) == false ? "off" : "on"
    }
    if let first {
      let parts = first.split(separator: "/", maxSplits: 1).map(String.init)
      var entry = try #require(entries[parts[0]])
      var models = try #require(entry["models"] as? [String: [String: Any]])
      try #require(models[parts[1]] != nil)
      models[parts[1]]?["fallbackPriority"] = 0
      entry["models"] = models
      if let timeout { entry["timeoutSeconds"] = timeout }
      entries[parts[0]] = entry
    }
    image["providers"] = entries
    catalog["image"] = image
    let yaml = """
      listen: 127.0.0.1:0
      upstreams:
        - {name: simulated, base_url: "\(simulator.baseURL)", api_key_env: UPSTREAM_KEY}
      \(configuration)
      """
    let file = folder.appendingPathComponent("easel.yaml")
    let catalogFile = folder.appendingPathComponent("catalog.json")
    try Data(yaml.utf8).write(to: file)
    try JSONSerialization.data(withJSONObject: catalog).write(to: catalogFile)
    arguments = ["serve", "--config", file.path, "--catalog", catalogFile.path]
    environment = variables
  }

  private static func template(_ address: String) throws -> [String: Any] {
    let url = try #require(
      Bundle.module.url(
        forResource: "image-catalog", withExtension: "json", subdirectory: "Fixtures")
    )
    let text = try String(contentsOf: url, encoding: .utf8)
      .replacing("{{simulator}}", with: address)
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return try #require(object as? [String: Any])
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }
}
