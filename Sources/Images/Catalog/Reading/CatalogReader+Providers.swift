/// `image.providers`.
extension CatalogReader {
  private static let providerKeys = [
    "wireFormat", "baseUrl", "baseUrlEnv", "apiKeyEnv", "apiKeyOptional", "featureFlag",
    "timeoutSeconds", "allowPrivateUrls", "options", "models",
  ]

  static func readImageProviders(_ node: CatalogNode) -> [ImageProvider] {
    (CatalogObject.named(node, "the provider") ?? []).compactMap { name, node in
      // Read on under a malformed name, so that all that is wrong is found at once.
      let isNamed = isName(name, of: node)
      return readProvider(name, node).flatMap { isNamed ? $0 : nil }
    }
  }

  /// Nil where it is faulty, or has no base URL at present.
  private static func readProvider(_ name: String, _ node: CatalogNode) -> ImageProvider? {
    guard let object = CatalogObject(node, keys: providerKeys) else { return nil }
    let formats = WireFormat.allCases.map(\.rawValue).joined(separator: ", ")
    let format: WireFormat? = object.required("wireFormat", "one of \(formats) is needed")
      .flatMap { $0.choice() }
    let (url, urlVariable) = baseURL(object)
    let (key, keyVariable) = key(object)
    let isOptional = object["apiKeyOptional"]?.flag() ?? false
    let flag = variable(object["featureFlag"])
    let isEnabled = flag.flatMap { flag in
      access(object["featureFlag"]) { () throws(ProviderAccess.Problem) in
        try ProviderAccess.isEnabled(flag, in: node.reading.environment)
      }
    }
    let timeout = object["timeoutSeconds"]?.number(from: 1, to: 3600)
    let allowsPrivate = object["allowPrivateUrls"]?.flag()
    let options = object["options"].map(readProviderOptions) ?? [:]
    let models = readModels(
      object.required("models", "at least one model is needed"), of: name, format)
    guard let format, let url else { return nil }
    var provider = ImageProvider(
      name: name, format: format, baseURL: url, apiKey: key, models: models,
      timeout: timeout.map { .milliseconds(Int($0 * 1000)) } ?? .seconds(300),
      allowsPrivateURLs: allowsPrivate ?? false)
    // A key that may be missing is not missed.
    provider.keyVariable = isOptional ? nil : keyVariable
    provider.baseURLVariable = urlVariable
    provider.featureFlag = flag
    provider.isEnabled = isEnabled ?? true
    provider.options = options
    return provider
  }

  private static func readModels(
    _ node: CatalogNode?, of provider: String, _ format: WireFormat?
  ) -> [ImageModel] {
    guard let node else { return [] }
    return (CatalogObject.named(node, "the model") ?? []).compactMap { id, node in
      let isNamed = isModel(id, of: node)
      return readModel(id, of: provider, format, node).flatMap { isNamed ? $0 : nil }
    }
  }
}
