/// What an operator has decided for requests that name a profile: what they get where they do not
/// say, and what they may not ask for.
package struct ImageProfile: Sendable, Hashable {
  /// What follows when a provider refuses the prompt itself.
  package enum RefusalRule: String, Sendable, Hashable, CaseIterable {
    /// The client is told.
    case final
    /// The next model is asked.
    case next
  }

  /// What stands before the name of a profile where a model's name is expected.
  package static let prefix = "profile:"

  /// 1 to 64 lower-case letters, digits, `_`, `-`.
  package var name: String

  // MARK: Defaults

  /// A model, `provider/model` or a tier; nil leaves it to the prompt's words. A request that asks
  /// for the quality of another tier gets that one, but a model that is named stays.
  package var model: String?
  /// As in a request.
  package var quality: String?
  /// Among `sizes`, where these are limited. Pictures that are changed keep theirs.
  package var size: ImageSize?
  /// Among `styles`, where these are limited.
  package var style: String?
  /// `transparent`, `opaque` or `auto`.
  package var background: String?
  /// `png`, `jpeg` or `webp`.
  package var outputFormat: String?
  package var negativePrompt: String?

  // MARK: Limits

  /// The only ones that may be asked; empty for all.
  package var providers: [String] = []
  /// The only sizes that pictures may have; empty for all. The first is the default where `size` is
  /// nil.
  package var sizes: [ImageSize] = []
  /// The only styles that may be asked for; empty for all. The first is the default where `style`
  /// is nil.
  package var styles: [String] = []
  /// Pictures of one request, 1 to 10.
  package var maxCount = 10
  /// US dollars for one picture; nil for no bound. A model whose price is not known is past any.
  package var maxCost: Double?
  package var onRefusal = RefusalRule.final

  /// A profile that decides nothing.
  package init(name: String) { self.name = name }

  /// What routing is to keep to.
  var constraints: ImageConstraints {
    ImageConstraints(
      profile: name, providers: providers.isEmpty ? nil : Set(providers),
      keepsSize: !sizes.isEmpty, maxCost: maxCost, asksNextAfterRefusal: onRefusal == .next)
  }
}
