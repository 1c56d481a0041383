/// `chat.providers`.
extension CatalogReader {
  static func readChatProviders(_ node: CatalogNode) -> [ChatProviderEntry] {
    (CatalogObject.named(node, "the provider") ?? []).compactMap { name, node in
      let isNamed = isName(name, of: node)
      let keys = ["baseUrl", "baseUrlEnv", "apiKeyEnv", "models"]
      guard let object = CatalogObject(node, keys: keys) else { return nil }
      let url = baseURL(object).url
      let (key, variable) = key(object)
      let models = object.required("models", "at least one model is needed").flatMap {
        CatalogObject.named($0, "the model")
      }
      let read = (models ?? []).compactMap { id, node in
        let isNamed = isModel(id, of: node)
        return readChatModel(id, node).flatMap { isNamed ? $0 : nil }
      }
      guard isNamed, let url else { return nil }
      return ChatProviderEntry(
        name: name, baseURL: url, apiKey: key, keyVariable: variable, models: read)
    }
  }

  private static func readChatModel(_ id: String, _ node: CatalogNode) -> ChatProviderEntry.Model? {
    let keys = ["tools", "contextWindow", "pricePerMillionTokens"]
    guard let object = CatalogObject(node, keys: keys) else { return nil }
    let tools = object.required("tools", "true or false is needed")?.flag()
    let window = object["contextWindow"]?.integer(in: 1...100_000_000)
    var price: ChatProviderEntry.Model.Price?
    if let node = object["pricePerMillionTokens"],
      let prices = CatalogObject(node, keys: ["input", "output"])
    {
      let allowed = "US dollars from 0 to 1000 are needed"
      let input = prices.required("input", allowed)?.dollars()
      let output = prices.required("output", allowed)?.dollars()
      if let input, let output { price = .init(input: input, output: output) }
    }
    guard let tools else { return nil }
    return ChatProviderEntry.Model(
      id: id, supportsTools: tools, contextWindow: window, pricePerMillionTokens: price)
  }
}
