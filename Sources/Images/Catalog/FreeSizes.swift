/// Sizes of a model that are not listed: any whose sides are multiples of a number, within bounds.
package struct FreeSizes: Sendable, Hashable {
  /// Both sides are multiples of it.
  package let step: Int
  /// What each side may be, in pixels.
  package let sides: ClosedRange<Int>
  /// What width times height may be; nil where the sides alone decide.
  package let pixels: ClosedRange<Int>?
  /// How many times the other a side may be, 1 or more; nil where the sides alone decide.
  package let maxRatio: Double?

  package init(
    step: Int, sides: ClosedRange<Int>, pixels: ClosedRange<Int>? = nil, maxRatio: Double? = nil
  ) {
    self.step = step
    self.sides = sides
    self.pixels = pixels
    self.maxRatio = maxRatio
  }

  /// The smallest and the largest side that is a multiple.
  private var ends: (low: Int, high: Int) {
    ((sides.lowerBound + step - 1) / step * step, sides.upperBound / step * step)
  }

  /// Whether a square is among them; what has none can come near to hardly any size.
  package var hasSquare: Bool { square != nil }

  /// The largest square among them.
  private var square: ImageSize? {
    let (low, high) = ends
    let most = pixels.map { Int(Double($0.upperBound).squareRoot()) / step * step } ?? high
    let side = min(most, high)
    guard side > 0, side >= low, side * side >= pixels?.lowerBound ?? 0 else { return nil }
    return ImageSize(width: side, height: side)
  }

  /// Whether a size is one of them.
  package func contains(_ size: ImageSize) -> Bool {
    let (short, long) = (min(size.width, size.height), max(size.width, size.height))
    return size.width % step == 0 && size.height % step == 0
      && sides.contains(short) && sides.contains(long)
      && pixels?.contains(size.area) ?? true
      && Double(long) <= Double(short) * (maxRatio ?? .infinity)
  }

  /// A size as it is, or else one of about its shape: both sides are scaled by one factor into the
  /// bounds, and rounded to multiples. A shape that is beyond the bounds comes as near as it can.
  package func nearest(to size: ImageSize) -> ImageSize {
    guard hasSquare, !contains(size) else { return size }
    let (width, height) = scaled(size)
    // The multiples on both sides; rounding may lead out of the bounds, where the next ones do.
    for more in 0...Self.mostSteps {
      let widths = multiples(around: width, and: more)
      let heights = multiples(around: height, and: more)
      let near = widths.flatMap { width in
        heights.compactMap { ImageSize(width: width, height: $0) }
      }
      let best = near.filter(contains).min {
        let (left, right) = ($0.distance(width / height), $1.distance(width / height))
        if left != right { return left < right }
        return abs(Double($0.area) - width * height) < abs(Double($1.area) - width * height)
      }
      if let best { return best }
    }
    // Bounds so narrow that hardly any size is within them: the square is.
    return square ?? size
  }

  /// How many multiples away from the ideal sides are looked at, each way; their number grows with its
  /// square, and a size is the client's choice.
  private static let mostSteps = 6

  /// The multiples next to a number, and so many more each way.
  private func multiples(around number: Double, and more: Int) -> [Int] {
    let count = number / Double(step)
    // What is whole but for its last bits is whole.
    let whole = count.rounded()
    let isWhole = abs(count - whole) < 1e-6
    let low = Int(isWhole ? whole : count.rounded(.down)) - more
    let high = Int(isWhole ? whole : count.rounded(.up)) + more
    return (low...high).map { $0 * step }
  }

  /// A size within the bounds before it is rounded.
  private func scaled(_ size: ImageSize) -> (width: Double, height: Double) {
    let (low, high) = (Double(ends.low), Double(ends.high))
    let least = max(low * low, pixels.map { Double($0.lowerBound) } ?? 0)
    let most = min(high * high, pixels.map { Double($0.upperBound) } ?? .infinity)
    // The longest shape for which the bounds leave room.
    let longest = min(maxRatio ?? .infinity, high / low, high * high / least, most / (low * low))
    var (width, height) = (Double(size.width), Double(size.height))
    let shape = width / height
    let held = min(max(shape, 1 / longest), longest)
    if held != shape {
      let area = width * height
      (width, height) = ((area * held).squareRoot(), (area / held).squareRoot())
    }
    let (short, long, area) = (min(width, height), max(width, height), width * height)
    let down = min(1, high / long, (most / area).squareRoot())
    let up = max(1, low / short, (least / area).squareRoot())
    let factor = down < 1 ? down : up
    return (width * factor, height * factor)
  }
}
