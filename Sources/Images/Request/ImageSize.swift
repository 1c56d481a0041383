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
    let shape = Double(width) / Double(height)
    return sizes.min { left, right in
      let shapes = (left.distance(shape), right.distance(shape))
      if shapes.0 != shapes.1 { return shapes.0 < shapes.1 }
      return abs(left.area - area) < abs(right.area - area)
    }
  }

  /// Pixels.
  var area: Int { width * height }

  /// How many times wider, or narrower, a width over height is; 1 for the same shape.
  func distance(_ shape: Double) -> Double {
    let ratio = Double(width) / Double(height) / shape
    return ratio < 1 ? 1 / ratio : ratio
  }
}
