internal import EventLoop
package import OpenAIWire

/// What would happen to a request: who would draw it, for how much, who could instead, and who is
/// not there. As members of a JSON object.
package struct ImagePlan: Sendable {
  private let request: ImageRequest
  private let route: ImageRoute

  /// The plan of a route that has at least one candidate.
  package init?(_ request: ImageRequest, _ route: ImageRoute) {
    guard !route.candidates.isEmpty else { return nil }
    self.request = request
    self.route = route
  }

  private var chosen: ImageModel { route.candidates[0] }
  /// Whether it is asked only since nobody else is left.
  private var isLastResort: Bool { route.excluded.contains { $0.model.name == chosen.name } }
  /// What the price is of; left to the model where the client leaves it to it.
  private var size: String? {
    if request.size == nil, chosen.dialect == .gptImage { return "auto" }
    return chosen.quote(request).size?.description ?? request.size?.description
  }

  /// Provider, model, cost, size, quality tier, constraints and alternatives.
  package func write(to writer: inout JSONWriter) {
    writer.member("profile", request.constraints.profile)
    writer.member("provider", chosen.provider)
    writer.member("model", chosen.id)
    if isLastResort { writer.member("lastResort", true) }
    cost(of: chosen, to: &writer)
    writer.member("prompt", request.prompt)
    writer.member("size", size)
    writer.member("style", chosen.styles.contains(request.style ?? "") ? request.style : nil)
    writer.member("n", request.count)
    writer.member("qualityTier", chosen.tier.rawValue)
    writer.key("constraints")
    constraints(to: &writer)
    writer.key("availableAlternatives")
    writer.beginArray()
    for model in route.candidates.dropFirst().prefix(20) {
      writer.beginObject()
      writer.member("provider", model.provider)
      writer.member("model", model.id)
      cost(of: model, to: &writer)
      writer.member("qualityTier", model.tier.rawValue)
      writer.endObject()
    }
    writer.endArray()
  }

  /// Those that cannot draw the request, or not now, and why.
  package static func unavailable(_ route: ImageRoute, to writer: inout JSONWriter) {
    writer.key("unavailable")
    writer.beginArray()
    for exclusion in route.excluded.prefix(100) {
      writer.beginObject()
      writer.member("provider", exclusion.model.provider)
      writer.member("model", exclusion.model.id)
      writer.member("reason", exclusion.reason)
      writer.member("detail", exclusion.detail)
      writer.member(
        "retry_after_s",
        exclusion.retryAfter.map { Int(($0.milliseconds + 999) / 1000) })
      writer.endObject()
    }
    writer.endArray()
  }

  private func cost(of model: ImageModel, to writer: inout JSONWriter) {
    writer.member("cost", dollarsOrNull: model.quote(request).total(request.count))
  }

  private func constraints(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("maxImages", chosen.maxCount)
    writer.member("maxPromptLength", chosen.maxPromptLength)
    switch chosen.sizes {
    case .listed(let sizes): list("supportedSizes", sizes.map(\.description), to: &writer)
    case .ratios(let ratios): list("aspectRatios", ratios.map(\.description), to: &writer)
    case .free(let sizes):
      writer.member("sizeStep", sizes.step)
      writer.member("minSide", sizes.sides.lowerBound)
      writer.member("maxSide", sizes.sides.upperBound)
      writer.member("minPixels", sizes.pixels?.lowerBound)
      writer.member("maxPixels", sizes.pixels?.upperBound)
      writer.member("maxRatio", sizes.maxRatio)
    }
    list("styles", chosen.styles, to: &writer)
    list("capabilities", chosen.capabilities.map(\.rawValue).sorted(), to: &writer)
    writer.endObject()
  }

  private func list(_ key: String, _ texts: [String], to writer: inout JSONWriter) {
    writer.key(key)
    writer.beginArray()
    for text in texts { writer.value(text) }
    writer.endArray()
  }
}
