package import HTTP
package import Observability

/// A model that makes pictures.
package struct ImageModel: Sendable, Hashable {
  package var id: String
  /// The name of its provider.
  package var provider: String
  package var dialect: ImageDialect
  package var tier: QualityTier
  /// The sizes that it can make, in pixels; empty for any.
  package var sizes: [ImageSize]
  /// Pictures of one call.
  package var maxCount: Int
  /// US dollars a picture; nil where it is not known.
  package var price: Double?
  /// Lower is asked first.
  package var priority: Int

  /// A model; without sizes it has those of its dialect.
  package init(
    id: String, provider: String, dialect: ImageDialect? = nil, tier: QualityTier = .high,
    sizes: [ImageSize] = [], maxCount: Int? = nil, price: Double? = nil, priority: Int = 1
  ) {
    let dialect = dialect ?? ImageDialect(modelID: id)
    self.id = id
    self.provider = provider
    self.dialect = dialect
    self.tier = tier
    self.sizes = sizes.isEmpty ? dialect.sizes : sizes
    self.maxCount = maxCount ?? dialect.maxCount
    self.price = price
    self.priority = priority
  }
}

/// A server with OpenAI's images API.
package struct ImageProvider: Sendable {
  package var name: String
  /// What `images/generations` is appended to.
  package var baseURL: HTTPURL
  package var apiKey: Secret?
  package var models: [ImageModel]
  /// For one call.
  package var timeout: Duration
  /// Whether the URLs that it hands out may point inside.
  package var allowsPrivateURLs: Bool

  /// A provider with its models.
  package init(
    name: String, baseURL: HTTPURL, apiKey: Secret?, models: [ImageModel],
    timeout: Duration = .seconds(300), allowsPrivateURLs: Bool = false
  ) {
    self.name = name
    self.baseURL = baseURL
    self.apiKey = apiKey
    self.models = models
    self.timeout = timeout
    self.allowsPrivateURLs = allowsPrivateURLs
  }
}
