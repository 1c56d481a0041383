/// A model that makes pictures.
package struct ImageModel: Sendable, Hashable {
  /// Its name in the catalog.
  package var id: String
  /// The name of its provider.
  package var provider: String
  /// Its name, path or version on the wire, where it differs from its id.
  package var wireID: String
  /// Which of OpenAI's parameters it takes; of meaning where the provider copies OpenAI's API.
  package var dialect: ImageDialect
  package var tier: QualityTier
  package var sizes: SizeSupport
  /// Characters of the longest prompt; nil where no bound is known.
  package var maxPromptLength: Int?
  /// The steps of diffusion that it takes; nil where no bound is known.
  package var steps: ClosedRange<Int>?
  /// Pictures of one call, 1 to 10.
  package var maxCount: Int
  package var pricing: Pricing
  /// What changes within a mask cost, where the provider has a price of its own for them.
  package var maskPricing: Pricing?
  package var capabilities: Set<ImageCapability>
  /// The styles that it knows; empty for none.
  package var styles: [String]
  /// Lower is asked first.
  package var priority: Int
  /// Settings of the wire format, such as `resolution` or `workflow`.
  package var options: [String: String] = [:]

  /// A model; what is left out is that of its dialect.
  package init(
    id: String, provider: String, dialect: ImageDialect? = nil, tier: QualityTier = .high,
    sizes: SizeSupport? = nil, maxCount: Int? = nil, pricing: Pricing = Pricing(.unknown),
    capabilities: Set<ImageCapability>? = nil, styles: [String]? = nil, priority: Int = 1
  ) {
    let dialect = dialect ?? ImageDialect(modelID: id)
    self.id = id
    self.provider = provider
    wireID = id
    self.dialect = dialect
    self.tier = tier
    self.sizes = sizes ?? dialect.sizes
    maxPromptLength = dialect.maxPromptLength
    self.maxCount = maxCount ?? dialect.maxCount
    self.pricing = pricing
    self.capabilities = capabilities ?? dialect.capabilities
    self.styles = styles ?? dialect.styles
    self.priority = priority
  }

  /// `provider/model`.
  package var name: String { "\(provider)/\(id)" }

  /// Whether a client means this model by a name: its id, or `provider/model`.
  package func isNamed(_ text: String) -> Bool {
    // The name is put together only where it could be this one.
    id == text || (text.hasSuffix(id) && text == name)
  }
}
