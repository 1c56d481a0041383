import SeededRandom
import Testing

@testable import Images

/// Sizes of models that make any within bounds.
@Suite("Free sizes")
struct FreeSizesTests {
  /// As OpenAI has them for gpt-image-2.
  static let gptImage2 = FreeSizes(
    step: 16, sides: 480...3840, pixels: 655_360...8_294_400, maxRatio: 3)

  @Test(
    "a size that is past a bound keeps its shape",
    arguments: [
      ("3840x2160", 16, 64, 2048, "2048x1152"), ("2160x3840", 16, 64, 2048, "1152x2048"),
      ("2560x1440", 16, 256, 1440, "1440x816"), ("1792x1024", 16, 256, 1440, "1440x816"),
      ("1792x1024", 8, 256, 1536, "1536x880"), ("1024x1792", 32, 256, 1440, "832x1440"),
      ("256x512", 8, 512, 1536, "512x1024"), ("1536x1024", 16, 256, 1440, "1440x960"),
      ("3000x100", 16, 256, 1440, "1440x256"), ("100x3000", 16, 256, 1440, "256x1440"),
      ("32x32", 8, 512, 1536, "512x512"), ("1000x1000", 16, 64, 2048, "992x992"),
      ("1024x1024", 16, 64, 2048, "1024x1024"),
    ])
  func shapes(wanted: String, step: Int, low: Int, high: Int, made: String) throws {
    let size = try #require(ImageSize(wanted))
    #expect(FreeSizes(step: step, sides: low...high).nearest(to: size).description == made)
  }

  @Test(
    "so does one with too many or too few pixels, and one that is too long comes near",
    arguments: [
      ("1536x864", "1536x864"), ("2048x2048", "2048x2048"), ("3840x2160", "3840x2160"),
      ("3840x3840", "2880x2880"), ("512x512", "816x816"), ("3000x1000", "3008x1008"),
      ("4000x1000", "3456x1152"), ("1000x4000", "1152x3456"), ("100x100", "816x816"),
    ])
  func pixels(wanted: String, made: String) throws {
    let size = try #require(ImageSize(wanted))
    #expect(Self.gptImage2.nearest(to: size).description == made)
  }

  @Test("any size comes within any bounds, in the shape that rounding and bounds allow")
  func anySize() throws {
    var random = SeededGenerator(7)
    var checked = 0
    while checked < 3000 {
      let step = random.pick([1, 8, 16, 32, 64, 100])
      let low = step * (1 + random.below(8))
      let high = low + step * random.below(24)
      var pixels: ClosedRange<Int>?
      if random.below(2) == 0 {
        let least = low * low / 2 + random.below(high * high)
        pixels = least...least * (1 + random.below(4)) + random.below(high * high)
      }
      let ratio: Double? = random.below(2) == 0 ? 1 + Double(random.below(30)) / 10 : nil
      let sizes = FreeSizes(step: step, sides: low...high, pixels: pixels, maxRatio: ratio)
      guard sizes.hasSquare else { continue }
      checked += 1
      let size = try #require(
        ImageSize(width: 1 + random.below(4 * high), height: 1 + random.below(4 * high)))
      let made = sizes.nearest(to: size)
      try #require(sizes.contains(made), "\(size) -> \(made), \(sizes)")
      try #require(!sizes.contains(size) || made == size)
      // No shape of all sizes is nearer by more than the rounding of both sides.
      let shape = Double(size.width) / Double(size.height)
      let sides = Array(stride(from: step, through: high, by: step))
      let best = sides.flatMap { width in
        sides.compactMap { ImageSize(width: width, height: $0) }
      }.filter(sizes.contains).map { $0.distance(shape) }.min()
      let slack =
        (1 + Double(step) / Double(made.width)) * (1 + Double(step) / Double(made.height))
      try #require(
        made.distance(shape) <= (best ?? 0) * slack, "\(size) -> \(made), \(sizes)")
    }
  }
}
