/// Width and height in pixels.
package struct ImageSize: Sendable, Hashable, CustomStringConvertible {
  package let width: Int
  package let height: Int

  /// A size of 1 to 16384 pixels each way.
  package init?(width: Int, height: Int) {
    guard (1...16_384).contains(width), (1...16_384).contains(height) else { return nil }
    self.width = width
    self.height = height
  }

  /// Reads `1024x1024`.
  package init?(_ text: String) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, text.utf8.count <= 11,
      parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      let width = Int(parts[0]), let height = Int(parts[1])
    else { return nil }
    self.init(width: width, height: height)
  }

  package var description: String { "\(width)x\(height)" }

  /// Millions of pixels, as some providers bill them.
  package var megapixels: Double { Double(width * height) / 1_000_000 }

  /// The size whose shape is most like this one's; among alike shapes, the nearest in area.
  func nearest(of sizes: [ImageSize]) -> ImageSize? {
    sizes.min { left, right in
      let shapes = (distance(left), distance(right))
      if shapes.0 != shapes.1 { return shapes.0 < shapes.1 }
      return abs(left.area - area) < abs(right.area - area)
    }
  }

  /// A size of about the same shape and area whose sides are multiples of `step` and within
  /// `range`: for providers that take any size of such a kind.
  func rounded(toMultipleOf step: Int, within range: ClosedRange<Int>) -> ImageSize {
    func round(_ side: Int) -> Int {
      let nearest = (side + step / 2) / step * step
      let (low, high) = (
        (range.lowerBound + step - 1) / step * step, range.upperBound / step * step
      )
      return min(max(nearest, low), high)
    }
    return ImageSize(width: round(width), height: round(height)) ?? self
  }

  private var area: Int { width * height }

  /// How many times wider, or narrower, the other is; 1 for the same shape.
  private func distance(_ other: ImageSize) -> Double {
    let ratio = Double(width * other.height) / Double(height * other.width)
    return ratio < 1 ? 1 / ratio : ratio
  }
}
