/// What a request's profile lets routing do.
package struct ImageConstraints: Sendable, Hashable {
  /// The profile's name; nil where there is none.
  package var profile: String?
  /// The only providers that may be asked; nil for all.
  package var providers: Set<String>?
  /// Whether only models are asked that make the request's size, in place of one that is near.
  package var keepsSize = false
  /// US dollars for one picture; nil for no bound.
  package var maxCost: Double?
  /// Whether another model is asked where one refuses the prompt itself.
  package var asksNextAfterRefusal = false

  /// Whether a model's provider may be asked.
  func allows(_ model: ImageModel) -> Bool { providers?.contains(model.provider) ?? true }
}
