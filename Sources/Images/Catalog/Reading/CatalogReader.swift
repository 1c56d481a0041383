internal import OpenAIWire

/// Reads `PROVIDER_CATALOG.json`, whose form `config/provider-catalog.schema.json` describes.
package enum CatalogReader {
  /// What a catalog holds.
  package struct Catalog: Sendable, Hashable {
    package var images: ImageCatalog
    package var chat: [ChatProviderEntry]
    /// The environment variables that it names, also those of providers that were left out.
    package var variables: Set<String>
  }

  /// Bytes that a catalog may have: 4 MiB.
  package static let maximumSize = 4 << 20

  /// Reads a catalog. Keys, feature flags and base URLs come from the environment; a provider
  /// without any base URL is left out.
  /// - Parameter environment: a variable that is set to nothing counts as not set.
  /// - Throws: `CatalogError` with everything that is wrong, not only the first.
  package static func read(
    _ bytes: [UInt8], environment: [String: String]
  ) throws(CatalogError) -> Catalog {
    let reading = CatalogReading(
      bytes, environment: environment.filter { !$0.value.isEmpty })
    var catalog = Catalog(images: ImageCatalog(), chat: [], variables: [])
    if bytes.count > maximumSize {
      reading.fault("", at: 0, "the catalog has \(bytes.count) bytes; 4 MiB are allowed")
    } else {
      do throws(JSONError) {
        let value = try JSONSlice.parse(bytes, maxDepth: 16)
        read(CatalogNode(reading: reading, value: value, path: ""), into: &catalog)
      } catch {
        reading.fault("", at: error.offset, "is no JSON: \(error.message)")
      }
    }
    try reading.check()
    catalog.variables = reading.variables
    return catalog
  }

  private static func read(_ node: CatalogNode, into catalog: inout Catalog) {
    guard let root = CatalogObject(node, keys: ["$schema", "image", "chat"]) else { return }
    _ = root["$schema"]?.text(upTo: 1024)
    if let node = root.required("image", "it holds the image providers") {
      if let image = CatalogObject(node, keys: ["qualityTiers", "providers"]) {
        if let tiers = image["qualityTiers"] { catalog.images.tiers = readTiers(tiers) }
        if let providers = image.required("providers", "at least one is needed") {
          catalog.images.providers = readImageProviders(providers)
        }
      }
    }
    if let node = root["chat"], let chat = CatalogObject(node, keys: ["providers"]),
      let providers = chat.required("providers", "at least one is needed")
    {
      catalog.chat = readChatProviders(providers)
    }
  }
}
