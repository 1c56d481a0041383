/// The shape of a picture, as providers that know no pixels name it: `16:9`, `19.5:9`.
package struct AspectRatio: Sendable, Hashable, CustomStringConvertible {
  /// As the provider spells it.
  package let description: String
  /// Width over height.
  package let value: Double

  /// Reads two positive decimal numbers around a colon.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, text.utf8.count <= 16,
      parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E } }),
      let width = Double(parts[0]), let height = Double(parts[1]),
      (0.01...10_000).contains(width), (0.01...10_000).contains(height)
    else { return nil }
    description = text
    value = width / height
  }

  /// The shapes that every provider knows which is asked for a shape.
  static let usual = ["1:1", "16:9", "9:16", "4:3", "3:4"].compactMap { AspectRatio($0) }

  /// The one that is most like a size.
  static func nearest(to size: ImageSize, of ratios: [AspectRatio]) -> AspectRatio? {
    let wanted = Double(size.width) / Double(size.height)
    func distance(_ ratio: AspectRatio) -> Double {
      max(ratio.value / wanted, wanted / ratio.value)
    }
    return ratios.min { distance($0) < distance($1) }
  }

  /// Whether a size has this shape, to within a part of it.
  func isShape(of size: ImageSize, within part: Double = 0.01) -> Bool {
    abs(value * Double(size.height) / Double(size.width) - 1) < part
  }
}
