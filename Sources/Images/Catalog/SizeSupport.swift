/// Which sizes a model makes.
package enum SizeSupport: Sendable, Hashable {
  /// These and no others, in pixels.
  case listed([ImageSize])
  /// These shapes; how many pixels is the provider's choice.
  case ratios([AspectRatio])
  /// Any within bounds.
  case free(FreeSizes)

  /// Whether a size is made as asked, or, where only shapes are known, in its shape, to within a
  /// fiftieth: 1792x1024 counts as 16:9.
  package func fits(_ size: ImageSize) -> Bool {
    switch self {
    case .listed(let sizes): sizes.contains(size)
    case .ratios(let ratios): ratios.contains { $0.isShape(of: size, within: 0.02) }
    case .free(let sizes): sizes.contains(size)
    }
  }

  /// The size that is made where another is asked for; nil where only shapes are known.
  func nearest(to size: ImageSize) -> ImageSize? {
    switch self {
    case .listed(let sizes): size.nearest(of: sizes)
    case .ratios: nil
    case .free(let sizes): sizes.nearest(to: size)
    }
  }
}
