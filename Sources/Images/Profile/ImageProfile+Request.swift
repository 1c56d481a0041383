package import OpenAIWire

/// Putting a profile into effect.
extension ImageProfile {
  /// Gives a request the profile's defaults where it does not say, and its limits. The model is the
  /// profile's.
  /// - Throws: `OpenAIError` with status 400 that names the field that is past a limit, and what is
  ///   allowed.
  package func apply(to request: inout ImageRequest) throws(OpenAIError) {
    complete(&request)
    try check(request)
  }

  /// A request that says nothing by itself, as it stands for all of the profile's.
  package var plainRequest: ImageRequest {
    var request = ImageRequest(prompt: "")
    complete(&request)
    return request
  }

  private func complete(_ request: inout ImageRequest) {
    // A word of another tier is the request's own choice, and stronger than the profile's tier.
    let asksForTier = request.quality.flatMap(QualityTier.init(word:)) != nil
    let isTier = model.flatMap(QualityTier.init(word:)) != nil
    request.model = asksForTier && isTier ? nil : model
    request.quality = request.quality ?? quality
    request.size = request.size ?? standardSize(of: request)
    // Pictures that are changed, and pictures like another one, have a style already.
    if request.operation == .generate { request.style = request.style ?? style ?? styles.first }
    request.background = request.background ?? background
    request.outputFormat = request.outputFormat ?? outputFormat
    request.negativePrompt = request.negativePrompt ?? negativePrompt
    request.constraints = constraints
  }

  private func standardSize(of request: ImageRequest) -> ImageSize? {
    guard request.operation != .generate else { return size ?? sizes.first }
    // A picture that is changed keeps its size, as far as it may.
    guard !sizes.isEmpty else { return nil }
    return request.images.first?.size.flatMap { sizes.contains($0) ? $0 : nil } ?? size
      ?? sizes.first
  }

  private func check(_ request: ImageRequest) throws(OpenAIError) {
    if let size = request.size, !sizes.isEmpty, !sizes.contains(size) {
      throw pastLimit("size", "must be one of: \(sizes.map(\.description).joined(separator: ", "))")
    }
    if let style = request.style, !styles.isEmpty, !styles.contains(style) {
      throw pastLimit("style", "must be one of: \(styles.joined(separator: ", "))")
    }
    if request.count > maxCount {
      throw pastLimit("n", maxCount == 1 ? "must be 1" : "must be an integer from 1 to \(maxCount)")
    }
  }

  private func pastLimit(_ field: String, _ rule: String) -> OpenAIError {
    .invalidRequest("With the profile '\(name)' the field '\(field)' \(rule).", param: field)
  }
}
