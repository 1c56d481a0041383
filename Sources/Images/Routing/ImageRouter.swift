internal import HTTP

/// Chooses models for a request: those that are available and fit, by nearness of their tier, then
/// by fallback priority, then by price.
package struct ImageRouter: Sendable {
  private let catalog: ImageCatalog
  private let health: any ModelHealth
  private let keywords: QualityKeywords
  private let providers: [String: ImageProvider]

  /// A router over a catalog.
  package init(_ catalog: ImageCatalog, health: any ModelHealth = AlwaysHealthy()) {
    self.catalog = catalog
    self.health = health
    keywords = QualityKeywords(catalog.tiers)
    providers = Dictionary(
      catalog.providers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Who is to draw a request.
  /// - Throws: `ImageFailure` of kind `badRequest` for a model that the catalog does not have.
  package func route(_ request: ImageRequest) throws(ImageFailure) -> ImageRoute {
    let named = try models(named: request.model)
    let models = (named ?? all).filter(request.constraints.allows)
    let tier = named == nil ? request.tier ?? keywords.tier(of: request.prompt) : nil
    var route = ImageRoute(candidates: [], excluded: [], tier: tier)
    for model in models {
      if let exclusion = exclusion(of: model, request) {
        route.excluded.append(exclusion)
      } else {
        route.candidates.append(model)
      }
    }
    route.candidates = ordered(route.candidates, request, tier)
    let unavailable = route.excluded.filter(\.isUnavailable).map(\.model)
    route.ranked =
      unavailable.isEmpty
      ? route.candidates : ordered(route.candidates + unavailable, request, tier)
    return route
  }

  /// Whether any model that fits a request could be asked, now or later.
  func canServe(_ request: ImageRequest) -> Bool {
    let name = Self.modelName(request.model)
    return catalog.providers.contains { provider in
      provider.isUsable
        && provider.models.contains { model in
          request.constraints.allows(model) && (name.map(model.isNamed) ?? true)
            && misfit(of: model, request) == nil
        }
    }
  }

  /// A name, if it is a model's.
  private static func modelName(_ name: String?) -> String? {
    guard let name, name != "auto", QualityTier(word: name) == nil else { return nil }
    return name
  }

  private var all: [ImageModel] { catalog.providers.flatMap(\.models) }

  /// The models of a name; nil where the choice is the gateway's.
  private func models(named name: String?) throws(ImageFailure) -> [ImageModel]? {
    guard let name = Self.modelName(name) else { return nil }
    let named = all.filter { $0.isNamed(name) }
    if !named.isEmpty { return named }
    let known = all.prefix(50).map(\.name).joined(separator: ", ")
    throw ImageFailure(
      .badRequest,
      "The model '\(name.prefix(128))' does not exist. Use 'auto', a tier (ultra, high, standard, "
        + "fast), or one of: \(known).", code: "model_not_found")
  }

  // MARK: Order

  private func ordered(
    _ models: [ImageModel], _ request: ImageRequest, _ tier: QualityTier?
  ) -> [ImageModel] {
    func key(_ model: ImageModel) -> (Int, Int, Double) {
      (
        Self.distance(model.tier, tier), model.priority,
        model.quote(request).price ?? .infinity
      )
    }
    let keyed = models.enumerated().map { (key($0.element), $0.offset, $0.element) }
    return keyed.sorted { $0.0 != $1.0 ? $0.0 < $1.0 : $0.1 < $1.1 }.map(\.2)
  }

  /// How far a tier is from the one wanted; among equally far ones the better is nearer.
  private static func distance(_ tier: QualityTier, _ wanted: QualityTier?) -> Int {
    guard let wanted, let from = QualityTier.allCases.firstIndex(of: wanted),
      let to = QualityTier.allCases.firstIndex(of: tier)
    else { return 0 }
    return abs(to - from) * 2 - (to < from ? 1 : 0)
  }

  // MARK: Availability and fit

  private func exclusion(
    of model: ImageModel, _ request: ImageRequest
  ) -> ImageRoute.Exclusion? {
    guard let provider = providers[model.provider] else { return nil }
    func exclusion(_ reason: String, _ detail: String) -> ImageRoute.Exclusion {
      ImageRoute.Exclusion(model: model, reason: reason, detail: detail)
    }
    if !provider.isEnabled {
      return exclusion("disabled", "turned off by \(provider.featureFlag ?? "its feature flag")")
    }
    if provider.lacksKey {
      return exclusion("no_key", "no key: \(provider.keyVariable ?? "its variable") is not set")
    }
    if let misfit = misfit(of: model, request) {
      return exclusion(misfit.reason, misfit.detail)
    }
    if case .refused(let refusal) = health.admission(of: model) {
      return ImageRoute.Exclusion(
        model: model, reason: "unavailable", detail: refusal.reason, retryAfter: refusal.wait,
        allowsLastResort: refusal.allowsLastResort, rests: refusal.rests,
        isTried: refusal.isTried)
    }
    return nil
  }

  /// Why a model cannot draw a request, whether it is there or not; nil where it can.
  private func misfit(
    of model: ImageModel, _ request: ImageRequest
  ) -> (reason: String, detail: String)? {
    if let missing = missing(model, request) {
      return ("no_\(missing.rawValue)", "cannot do: \(missing.rawValue)")
    }
    if let most = model.maxPromptLength, request.operation != .variation {
      let length = request.prompt(for: model).unicodeScalars.count
      if length > most {
        return (
          "prompt_too_long", "takes prompts of up to \(most) characters, and this has \(length)"
        )
      }
    }
    let constraints = request.constraints
    if constraints.keepsSize, let size = request.size, !model.sizes.fits(size) {
      return ("no_size", "does not make \(size)")
    }
    if let most = constraints.maxCost {
      let profile = "the profile '\(constraints.profile ?? "")' allows \(most)"
      guard let price = model.quote(request).price else {
        return ("too_dear", "costs nobody knows how much, and \(profile)")
      }
      if price > most { return ("too_dear", "costs \(price) US dollars, and \(profile)") }
    }
    return nil
  }

  /// What the request cannot do without, and the model does not have. Everything else is adjusted.
  private func missing(_ model: ImageModel, _ request: ImageRequest) -> ImageCapability? {
    var needed: [ImageCapability] = []
    switch request.operation {
    case .generate: break
    case .edit: needed.append(.edit)
    case .variation: needed.append(.variation)
    }
    if request.mask != nil { needed.append(.mask) }
    if request.images.count > 1 { needed.append(.multipleInputs) }
    if request.background == "transparent" { needed.append(.transparentBackground) }
    return needed.first { !model.capabilities.contains($0) }
  }
}
