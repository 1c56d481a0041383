/// Who is to draw a request: the models to ask, in order, and those that are not asked.
package struct ImageRoute: Sendable {
  /// A model that cannot draw the request, or not now.
  package struct Exclusion: Sendable, Hashable {
    package var model: ImageModel
    /// A word for programs, such as `no_key`, `disabled`, `unavailable` or `no_edit`.
    package var reason: String
    /// A sentence for people.
    package var detail: String
    /// Whether it will be there again by itself, and when.
    package var retryAfter: Duration?
    /// Whether it may be asked nevertheless where nobody else is left.
    package var allowsLastResort = false
    /// Whether others are only asked first: see ``ModelRefusal/rests``.
    package var rests = false
    /// See ``ModelRefusal/isTried``.
    package var isTried = false

    /// Whether it is to be asked once the others have failed.
    var isLeft: Bool { rests || isTried && allowsLastResort }
  }

  /// Where nobody is left to ask, makes a candidate of the model that is nearest to its trial.
  /// - Parameter inDoubt: whether also one may be asked that may be down; else only one that rests.
  /// - Returns: whether it did.
  mutating func takeLastResort(inDoubt: Bool) -> Bool {
    guard candidates.isEmpty,
      let nearest = excluded.indices
        .filter({ excluded[$0].rests || inDoubt && excluded[$0].allowsLastResort })
        .min(by: { excluded[$0].wait < excluded[$1].wait })
    else { return false }
    candidates = [excluded.remove(at: nearest).model]
    return true
  }

  /// Leaves out those that have failed in a run that this one goes on with, and puts those of the
  /// providers last that may have charged in it.
  mutating func goOn(after begun: ImageResult) {
    for passed in begun.passedOver where passed.hasFailed {
      if let index = candidates.firstIndex(where: { $0.name == passed.model }) {
        let model = candidates.remove(at: index)
        excluded.append(Exclusion(model: model, reason: "failed", detail: passed.reason))
      }
      for index in excluded.indices where excluded[index].model.name == passed.model {
        (excluded[index].allowsLastResort, excluded[index].rests) = (false, false)
      }
    }
    for provider in begun.risked { candidates = Self.putting(provider, lastOf: candidates) }
  }

  /// Where there is another provider, none is to charge for a picture twice.
  static func putting(_ provider: String, lastOf models: [ImageModel]) -> [ImageModel] {
    models.filter { $0.provider != provider } + models.filter { $0.provider == provider }
  }

  /// In the order in which they are asked.
  package var candidates: [ImageModel]
  package var excluded: [Exclusion]
  /// The candidates, and among them those that are `unavailable`, in the order in which all of them
  /// would be asked.
  package var ranked: [ImageModel] = []
  /// The tier that the request asks for, by name or by the words of its prompt.
  package var tier: QualityTier?
}

extension ImageRoute.Exclusion {
  /// Whether only the model's health keeps it from being asked.
  var isUnavailable: Bool { reason == "unavailable" }

  fileprivate var wait: Duration { retryAfter ?? .zero }
}
