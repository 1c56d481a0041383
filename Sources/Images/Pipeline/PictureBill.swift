internal import OpenAIWire

/// What one call was billed, and how much of it each picture.
struct PictureBill {
  /// US dollars, not rounded; nil where it is not known.
  let total: Double?
  /// Of each picture that could be had, in their order.
  let shares: [Double?]

  /// Dollars for one call. What a provider says beyond them is a mistake that sums and budgets must
  /// not take over.
  private static let plausible = 0.0...10_000.0

  /// What the provider says, or what its tokens cost, or else what the catalog has for the pictures.
  /// - Parameters:
  ///   - images: those that could be had.
  ///   - drawn: how many were made: all are billed, whether or not they could be had.
  init(
    _ answer: ProviderAnswer, of images: [GeneratedImage], drawn: Int, _ model: ImageModel,
    _ request: ImageRequest
  ) {
    let pricing = request.mask == nil ? model.pricing : model.maskPricing ?? model.pricing
    let told =
      answer.cost ?? answer.usage.flatMap { pricing.perMillionTokens?.cost(ofUsage: $0) }
    if let told, Self.plausible.contains(told) {
      total = told
      shares = images.map { _ in told / Double(max(1, drawn)) }
      return
    }
    let quote = model.quote(request)
    let prices = images.map { Self.price($0, quote, pricing) }
    shares = prices
    let lost = Array(repeating: quote.price, count: max(0, drawn - images.count))
    total = (prices + lost).reduce(0 as Double?) { sum, price in
      sum.flatMap { sum in price.map { sum + $0 } }
    }
  }

  /// What is billed by the megapixel is billed by those that were made, which are not always those
  /// that were asked for: a model that is told a shape chooses them itself.
  private static func price(
    _ image: GeneratedImage, _ quote: PriceQuote, _ pricing: Pricing
  ) -> Double? {
    guard case .perMegapixel = pricing.scheme,
      let made = image.format.size(of: image.bytes)
    else { return quote.price }
    return pricing.estimate(quality: quote.quality, size: made, steps: nil)?.withoutNoise
  }
}
