package import OpenAIWire

/// The profiles that there are, by name.
package struct ImageProfiles: Sendable {
  /// In the operator's order.
  package let all: [ImageProfile]
  private let standard: ImageProfile?
  private let byName: [String: ImageProfile]

  /// - Parameter standard: the name of the one that is used where a request names neither a profile
  ///   nor a model; nil for none.
  package init(_ all: [ImageProfile] = [], standard: String? = nil) {
    self.all = all
    let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.byName = byName
    self.standard = standard.flatMap { byName[$0] }
  }

  /// The profile of a name, the default one where there is no name, or nil where there is no
  /// default.
  /// - Throws: `Unknown`, for a name that no profile has.
  package func profile(named name: String?) throws(Unknown) -> ImageProfile? {
    guard let name else { return standard }
    guard let profile = byName[name] else {
      throw Unknown(name: name, known: all.prefix(50).map(\.name))
    }
    return profile
  }

  /// Puts into effect the profile that a request names as its model, or the default one.
  /// - Throws: `OpenAIError` with status 404 for a profile that does not exist, and 400 for what is
  ///   past a limit of one.
  package func apply(to request: inout ImageRequest) throws(OpenAIError) {
    let model = request.model ?? "auto"
    let name =
      model.hasPrefix(ImageProfile.prefix) ? model.dropFirst(ImageProfile.prefix.count) : nil
    guard name != nil || model == "auto" else { return }
    let profile: ImageProfile?
    do throws(Unknown) { profile = try self.profile(named: name.map(String.init)) } catch {
      throw .notFound(error.message, param: "model", code: "model_not_found")
    }
    try profile?.apply(to: &request)
  }

  /// There is no profile of a name.
  package struct Unknown: Error {
    let name: String
    let known: [String]

    /// A sentence, and where to find the profiles that there are.
    package var message: String {
      let others =
        known.isEmpty
        ? "There are none: they are set up under images.profiles in the gateway's configuration."
        : "There are: \(known.joined(separator: ", ")). GET /v1/models lists them with 'profile:' "
          + "before their names."
      return "The image profile '\(name.prefix(64))' does not exist. \(others)"
    }
  }
}
