/// The models that a request may still ask, in order; at last one that was passed over in doubt: another
/// request has its trial, or the word that this one may make it came too late; or it only rests.
struct ModelQueue {
  private(set) var models: [ImageModel]
  /// Why the last one that was taken is asked.
  private(set) var turn = ModelTurn.usual
  private let asksLastResort: Bool
  private var passed: ImageRoute
  /// Whether one was asked that may be down. One of these is enough; those that rest are all asked.
  private var hasDoubted = false

  /// - Parameter isLastResort: whether the only one of the route is such a model from the start.
  init(_ route: ImageRoute, isLastResort: Bool, asksLastResort: Bool) {
    models = route.candidates
    self.asksLastResort = asksLastResort
    passed = ImageRoute(candidates: [], excluded: route.excluded.filter(\.isLeft))
    if isLastResort { turn = lastTurn }
  }

  /// The turn of those that are asked since nobody else is left.
  private var lastTurn: ModelTurn { asksLastResort && !hasDoubted ? .lastResort : .needed }

  /// Takes the next one.
  mutating func next() -> ImageModel? {
    if models.isEmpty, passed.takeLastResort(inDoubt: lastTurn == .lastResort) {
      models = passed.candidates
      passed.candidates = []
      turn = lastTurn
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

  /// Notes that one is asked that may be down.
  mutating func noteDoubt() { hasDoubted = true }

  /// Has one asked again, before all others.
  mutating func ask(again model: ImageModel) { models.insert(model, at: 0) }

  /// Has the others asked before those of a provider.
  mutating func putLast(_ provider: String) {
    models = ImageRoute.putting(provider, lastOf: models)
  }
}
