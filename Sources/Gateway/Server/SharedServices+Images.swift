internal import Images

extension SharedServices {
  /// Who makes pictures: the configuration's own providers and the catalog's.
  static func catalog(_ configuration: Configuration) throws(GatewayStartError) -> ImageCatalog {
    var providers: [ImageProvider] = []
    for provider in configuration.images.providers {
      providers.append(
        ImageProvider(
          name: provider.name, baseURL: try url(provider.baseURL, provider.name),
          apiKey: provider.apiKey, models: provider.models.map { model($0, of: provider.name) },
          timeout: provider.timeout, allowsPrivateURLs: configuration.images.allowPrivateURLs))
    }
    return merged(providers, configuration)
  }

  /// The image pipeline.
  static func pipeline(
    _ configuration: Configuration, _ catalog: ImageCatalog, _ resilience: ResilienceServices,
    _ metrics: PictureMetrics
  ) -> ImagePipeline {
    var limits = ImagePipeline.Limits()
    limits.image = configuration.limits.image.bytes
    limits.concurrency = configuration.images.concurrency
    limits.queue = configuration.images.queue
    limits.memory = configuration.images.memory.bytes
    limits.asksLastResort = configuration.circuitBreaker.lastResort
    let health: any ModelHealth =
      resilience.isEnabled ? BreakerHealth(resilience.board, resilience.checker) : AlwaysHealthy()
    let observer: any ImageObserver = configuration.metrics.enabled ? metrics : NoImageObserver()
    return ImagePipeline(catalog, health: health, observer: observer, limits: limits)
  }

  /// The configuration's own providers, then those of the catalog, except for those whose name the
  /// configuration takes.
  private static func merged(
    _ own: [ImageProvider], _ configuration: Configuration
  ) -> ImageCatalog {
    var catalog = configuration.catalog.images
    let names = Set(own.map(\.name))
    catalog.providers.removeAll { names.contains($0.name) }
    if configuration.images.allowPrivateURLs {
      for index in catalog.providers.indices { catalog.providers[index].allowsPrivateURLs = true }
    }
    catalog.providers.insert(contentsOf: own, at: 0)
    return catalog
  }

  private static func model(
    _ configuration: ImageModelConfiguration, of provider: String
  ) -> ImageModel {
    let dialect: Images.ImageDialect? =
      switch configuration.dialect {
      case .auto: nil
      case .gptImage: .gptImage
      case .dallE3: .dallE3
      case .dallE2: .dallE2
      case .xai: .xai
      case .generic: .generic
      }
    let sizes = configuration.sizes.compactMap { ImageSize(width: $0.width, height: $0.height) }
    return ImageModel(
      id: configuration.id, provider: provider, dialect: dialect,
      tier: QualityTier(rawValue: configuration.tier.rawValue) ?? .high,
      sizes: sizes.isEmpty ? nil : .listed(sizes), maxCount: configuration.maxCount,
      pricing: configuration.price.map { .flat($0) } ?? Pricing(.unknown),
      priority: configuration.priority)
  }
}
