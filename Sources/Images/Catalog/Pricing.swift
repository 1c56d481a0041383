/// What a model's pictures cost, in US dollars, as its provider bills them.
package struct Pricing: Sendable, Hashable {
  /// One row of a price list.
  package struct Row: Sendable, Hashable {
    /// The provider's own word; nil for every quality.
    package var quality: String?
    /// Nil for every size.
    package var size: ImageSize?
    package var price: Double

    package init(quality: String? = nil, size: ImageSize? = nil, price: Double) {
      self.quality = quality
      self.size = size
      self.price = price
    }
  }

  /// How it is counted.
  package enum Scheme: Sendable, Hashable {
    /// A picture, by quality and size.
    case perImage([Row])
    /// The first megapixel, and each further one or part of it.
    case perMegapixel(first: Double, further: Double)
    /// A second of the machine's time; with the seconds that a picture typically takes.
    case perSecond(Double, typicalSeconds: Double)
    /// A step of diffusion; with the steps that are taken where none are asked for.
    case perStep(Double, defaultSteps: Int)
    case free
    case unknown
  }

  package var scheme: Scheme
  /// What tokens cost, where the provider tells how many it used.
  package var perMillionTokens: TokenPrices?

  package init(_ scheme: Scheme, perMillionTokens: TokenPrices? = nil) {
    self.scheme = scheme
    self.perMillionTokens = perMillionTokens
  }

  /// One price for every picture.
  package static func flat(_ price: Double) -> Pricing { Pricing(.perImage([Row(price: price)])) }

  /// What one picture is expected to cost; nil where nothing is known.
  /// - Parameters:
  ///   - quality: the provider's own word for it.
  ///   - size: in pixels.
  package func estimate(quality: String?, size: ImageSize?, steps: Int?) -> Double? {
    switch scheme {
    case .perImage(let rows): Self.price(rows, quality, size)
    case .perMegapixel(let first, let further):
      first + further * Double(max(0, Self.megapixels(size) - 1))
    case .perSecond(let price, let seconds): price * seconds
    case .perStep(let price, let defaultSteps): price * Double(steps ?? defaultSteps)
    case .free: 0
    case .unknown: nil
    }
  }

  private static func megapixels(_ size: ImageSize?) -> Int {
    guard let size else { return 1 }
    return max(1, Int((size.megapixels - 0.05).rounded(.up)))
  }

  /// Whether a row is that of a quality.
  func names(quality: String) -> Bool {
    guard case .perImage(let rows) = scheme else { return false }
    return rows.contains { $0.quality == quality }
  }

  /// The row that says most of what is asked; for a size that none has, one of the nearest area.
  /// Where no row has the quality, such as `auto`, the dearest of the size, without those that have
  /// to be asked for: an estimate errs upwards.
  private static func price(_ rows: [Row], _ quality: String?, _ size: ImageSize?) -> Double? {
    if let price = exactPrice(rows, quality, size) { return price }
    let ofQuality = rows.filter { $0.quality == quality || $0.quality == nil }
    let size = size.flatMap { nearest($0, ofQuality) ?? nearest($0, rows) }
    if let price = exactPrice(rows, quality, size) { return price }
    let usual = rows.filter { $0.quality.map { QualityWord($0).isExtra } != true }
    let known = usual.isEmpty ? rows : usual
    let ofSize = known.filter { $0.size == size || $0.size == nil }
    return (ofSize.isEmpty ? (ofQuality.isEmpty ? known : ofQuality) : ofSize).map(\.price).max()
  }

  /// The size of the rows that is nearest in area to another; among equal ones, in shape.
  private static func nearest(_ size: ImageSize, _ rows: [Row]) -> ImageSize? {
    let shape = Double(size.width) / Double(size.height)
    func key(_ other: ImageSize) -> (Int, Double) {
      (abs(other.area - size.area), other.distance(shape))
    }
    return rows.compactMap(\.size).min { key($0) < key($1) }
  }

  private static func exactPrice(
    _ rows: [Row], _ quality: String?, _ size: ImageSize?
  ) -> Double? {
    func score(_ row: Row) -> Int? {
      var score = 0
      if let wanted = row.quality {
        guard wanted == quality else { return nil }
        score += 2
      }
      if let wanted = row.size {
        guard wanted == size else { return nil }
        score += 1
      }
      return score
    }
    let fitting = rows.compactMap { row in score(row).map { (row, $0) } }
    return fitting.max { $0.1 < $1.1 }?.0.price
  }
}
