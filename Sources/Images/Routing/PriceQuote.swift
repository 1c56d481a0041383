internal import OpenAIWire

/// What one picture of a request is expected to cost.
package struct PriceQuote: Sendable, Hashable {
  /// The size that the model will make; nil where it chooses.
  package var size: ImageSize?
  /// The provider's own word; nil where the model has one quality.
  package var quality: String?
  /// US dollars a picture, as exact as the catalog has it, since it is multiplied by a number of
  /// pictures yet; nil where the price is not known.
  package var price: Double?
}

extension ImageModel {
  /// What one picture of `request` is expected to cost.
  package func quote(_ request: ImageRequest) -> PriceQuote {
    var size = request.size
    if let wanted = request.size {
      size = sizes.nearest(to: wanted) ?? wanted
    } else if case .listed(let sizes) = sizes {
      size = sizes.first
    }
    let quality = wireQuality(request.quality)
    let taken = request.steps.map { wanted in steps.map { wanted.held(to: $0) } ?? wanted }
    let pricing = request.mask == nil ? pricing : maskPricing ?? pricing
    let price = pricing.estimate(quality: quality, size: size, steps: taken)
    return PriceQuote(size: size, quality: quality, price: price?.withoutNoise)
  }

  /// The provider's word for a client's word of quality.
  func wireQuality(_ word: String?) -> String? {
    guard capabilities.contains(.quality) else { return nil }
    let word = word ?? options["quality"] ?? "auto"
    switch dialect {
    case .gptImage:
      // A model knows the words beyond high that its prices name.
      if QualityWord(word).isExtra, pricing.names(quality: word) { return word }
      return Self.effort(word, ["low", "medium", "high"])
    case .xai: return Self.effort(word, ["low", "medium", "medium"])
    case .dallE3:
      return ["ultra", "high", "hd", "xhigh", "max"].contains(word) ? "hd" : "standard"
    case .dallE2, .generic: return word
    }
  }

  /// One of three words for low, medium and high effort.
  private static func effort(_ word: String, _ words: [String]) -> String {
    switch QualityWord(word) {
    case .low: words[0]
    case .medium: words[1]
    case .high, .xhigh, .max: words[2]
    case .auto, .unknown: "auto"
    }
  }
}

extension PriceQuote {
  /// What so many pictures are expected to cost, as it is shown; nil where the price is not known.
  package func total(_ count: Int) -> Double? {
    price.map { ($0 * Double(count)).roundedToCentHundredths }
  }
}
