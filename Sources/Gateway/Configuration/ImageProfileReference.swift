internal import Images
internal import Observability

/// What a profile of the file says of providers and models, to be checked once they are all known.
struct ImageProfileReference {
  private let profile: ImageProfile
  private let settings: SettingsReader

  init(_ profile: ImageProfile, _ settings: SettingsReader) {
    self.profile = profile
    self.settings = settings
  }

  /// Reports what there is not.
  func check(_ catalog: ImageCatalog) {
    let before = settings.reading.faults.count
    checkProviders(catalog)
    let isKnown = settings.reading.faults.count == before
    guard isKnown, let models = models(catalog) else { return }
    checkAbilities(models)
    checkCost(models)
  }

  private func checkProviders(_ catalog: ImageCatalog) {
    let known = catalog.providers.map(\.name)
    for (index, name) in profile.providers.enumerated() where !known.contains(name) {
      settings.fault(
        "providers",
        "\(Quoted(name)) (entry \(index + 1)) is no image provider; "
          + Suggestion.hint(for: name, in: known))
    }
  }

  /// The models that the profile may use; nil where that cannot be told, for a fault that is
  /// reported.
  private func models(_ catalog: ImageCatalog) -> [ImageModel]? {
    let providers = catalog.providers.filter {
      profile.providers.isEmpty || profile.providers.contains($0.name)
    }
    let models = providers.flatMap(\.models)
    guard let name = profile.model, QualityTier(word: name) == nil else { return models }
    let named = models.filter { $0.isNamed(name) }
    if !named.isEmpty { return named }
    guard !catalog.providers.flatMap(\.models).contains(where: { $0.isNamed(name) }) else {
      settings.fault("model", "\(Quoted(name)) is a model of none of the profile's providers")
      return nil
    }
    let hint =
      Suggestion.nearest(to: name, in: models.map(\.id)).map { "did you mean '\($0)'?" }
      ?? "name one of the catalog or of images.providers, a tier (ultra, high, standard, fast) or "
      + "auto"
    settings.fault("model", "there is no image model \(Quoted(name)); \(hint)")
    return nil
  }

  private func checkAbilities(_ models: [ImageModel]) {
    for size in profile.sizes where !models.contains(where: { $0.sizes.fits(size) }) {
      settings.fault("sizes", "no model of the profile makes \(size)")
    }
    if let size = profile.size, profile.sizes.isEmpty,
      !models.contains(where: { $0.sizes.fits(size) })
    {
      settings.fault("size", "no model of the profile makes \(size)")
    }
    if profile.background == "transparent",
      !models.contains(where: { $0.capabilities.contains(.transparentBackground) })
    {
      settings.fault("background", "no model of the profile makes a transparent background")
    }
    let styles = profile.styles + [profile.style].compactMap(\.self)
    for style in Set(styles).sorted() where !models.contains(where: { $0.styles.contains(style) }) {
      settings.reading.warnings.append(
        ConfigurationWarning(
          "\(settings.path): no model of the profile knows the style \(Quoted(style)), which "
            + "therefore changes nothing"))
    }
  }

  private func checkCost(_ models: [ImageModel]) {
    guard let most = profile.maxCost else { return }
    let prices = models.compactMap { $0.quote(profile.plainRequest).price }
    guard !prices.contains(where: { $0 <= most }) else { return }
    let cheapest =
      prices.min().map { "the cheapest costs \($0)" }
      ?? "the price of none of its models is known"
    settings.fault(
      "max_cost", "no model of the profile draws for \(most) US dollars or less; \(cheapest)")
  }
}
