/// The models that a request may still ask, in order; at last one that was passed over in doubt: another
/// request has its trial, or the word that this one may make it came too late; or it only rests.
struct ModelQueue {
  private(set) var models: [ImageModel]
  /// Whether the last one that was taken is asked though its breaker may keep it from it.
  private(set) var isLastResort: Bool
  private let asksLastResort: Bool
  private var passed: ImageRoute
  /// Whether one was asked that may be down. One of these is enough; those that rest are all asked.
  private var hasDoubted: Bool

  /// - Parameter lastResort: why the only one of the route was excluded, where it is such a model.
  init(_ route: ImageRoute, lastResort: ImageRoute.Exclusion?, asksLastResort: Bool) {
    models = route.candidates
    isLastResort = lastResort != nil
    hasDoubted = lastResort.map { !$0.rests } ?? false
    self.asksLastResort = asksLastResort
    passed = ImageRoute(candidates: [], excluded: route.excluded.filter(\.isLeft))
  }

  /// Takes the next one.
  mutating func next() -> ImageModel? {
    if models.isEmpty,
      let taken = passed.takeLastResort(inDoubt: asksLastResort && !hasDoubted)
    {
      models = passed.candidates
      passed.candidates = []
      isLastResort = true
      hasDoubted = hasDoubted || !taken.rests
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
