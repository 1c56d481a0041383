/// The image providers and models that the gateway knows, and the words by which a prompt asks for
/// quality.
package struct ImageCatalog: Sendable, Hashable {
  /// What a tier means.
  package struct Tier: Sendable, Hashable {
    /// Words and phrases of a prompt that ask for it, in lower case.
    package var keywords: [String]
    /// US dollars a picture, for people to read.
    package var typicalCost: Double?

    package init(keywords: [String], typicalCost: Double? = nil) {
      self.keywords = keywords
      self.typicalCost = typicalCost
    }
  }

  package var providers: [ImageProvider]
  package var tiers: [QualityTier: Tier]

  /// A catalog; without tiers it has no keywords.
  package init(providers: [ImageProvider] = [], tiers: [QualityTier: Tier] = [:]) {
    self.providers = providers
    self.tiers = tiers
  }

  /// The provider of a model.
  package func provider(of model: ImageModel) -> ImageProvider? {
    providers.first { $0.name == model.provider }
  }
}
