/// The models that a request may still ask, in order; at last one that was passed over in doubt: another
/// request has its trial, or the word that this one may make it came too late.
struct ModelQueue {
  private(set) var models: [ImageModel]
  /// Whether the last one that was taken is asked though its breaker may keep it from it.
  private(set) var isLastResort: Bool
  private let asksLastResort: Bool
  private var passed = ImageRoute(candidates: [], excluded: [])

  /// - Parameter isLastResort: whether the only one of the route is such a model from the start.
  init(_ route: ImageRoute, isLastResort: Bool, asksLastResort: Bool) {
    models = route.candidates
    self.isLastResort = isLastResort
    self.asksLastResort = asksLastResort
  }

  /// Takes the next one.
  mutating func next() -> ImageModel? {
    if models.isEmpty, !isLastResort, passed.takeLastResort(inDoubt: asksLastResort) {
      models = passed.candidates
      isLastResort = true
    }
    return models.isEmpty ? nil : models.removeFirst()
  }

  /// Notes that one was not to be asked.
  mutating func pass(_ model: ImageModel, _ refusal: ModelRefusal) {
    passed.excluded.append(
      ImageRoute.Exclusion(
        model: model, reason: "unavailable", detail: refusal.reason, retryAfter: refusal.wait,
        allowsLastResort: refusal.allowsLastResort, rests: refusal.rests))
  }

  /// Has the others asked before those of a provider.
  mutating func putLast(_ provider: String) {
    models = ImageRoute.putting(provider, lastOf: models)
  }
}
