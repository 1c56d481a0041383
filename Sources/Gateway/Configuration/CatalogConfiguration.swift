internal import HTTP
package import Images

/// The provider catalog as it was loaded.
package struct CatalogConfiguration: Sendable, Hashable {
  /// Where it was read from; nil where there is none.
  package var path: String?
  /// Image providers, with the keys and base URLs that the environment gives them. Those without a
  /// key are among them.
  package var images = ImageCatalog()
  /// Chat providers: what their models can do and cost.
  package var chat: [ChatProviderEntry] = []
  /// The environment variables that it names.
  var variables: Set<String> = []

  /// No catalog.
  package init() {}

  /// The models at a base URL that cannot call tools.
  func modelsWithoutTools(at baseURL: String) -> Set<String> {
    let entries = chat.filter { entry in
      var url = entry.baseURL.description
      while url.hasSuffix("/") { url.removeLast() }
      return url == baseURL
    }
    return Set(entries.flatMap(\.models).filter { !$0.supportsTools }.map(\.id))
  }

  /// Who can draw and who cannot, for `easel check`; empty where there is no catalog.
  package var summary: [String] {
    guard let path else { return [] }
    let providers = images.providers
    let count = providers.reduce(0) { $0 + $1.models.count }
    var lines = ["\(path): \(providers.count) image providers with \(count) models"]
    func list(_ title: String, _ entries: [String]) {
      if !entries.isEmpty { lines.append("  \(title): \(entries.joined(separator: ", "))") }
    }
    list("ready", providers.filter(\.isUsable).map(\.name))
    let enabled = providers.filter(\.isEnabled)
    list(
      "without key",
      enabled.filter(\.lacksKey).map { "\($0.name) (\($0.keyVariable ?? ""))" })
    let disabled = providers.filter { !$0.isEnabled }
    list("turned off", disabled.map { "\($0.name) (\($0.featureFlag ?? ""))" })
    return lines
  }
}
