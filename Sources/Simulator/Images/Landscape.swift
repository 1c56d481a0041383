/// The picture behind the text: a sky, a sun and hills, as the seed has it.
///
/// Colours depend on the row and the layer only, so that rows are runs, which compress well.
struct Landscape {
  private struct Palette {
    let top: Colour
    let horizon: Colour
    let sun: Colour
    let far: Colour
    let near: Colour

    init(_ top: UInt32, _ horizon: UInt32, _ sun: UInt32, _ far: UInt32, _ near: UInt32) {
      self.top = Colour(top)
      self.horizon = Colour(horizon)
      self.sun = Colour(sun)
      self.far = Colour(far)
      self.near = Colour(near)
    }
  }

  private static let palettes = [
    Palette(0x1B2A52, 0xF4A261, 0xFFF3C4, 0x8C5A7C, 0x1F1D36),  // dusk
    Palette(0x2F80C2, 0xCDEBF9, 0xFFFBE6, 0x7FB7A4, 0x1E5945),  // noon
    Palette(0x3A1C5B, 0xF27A8A, 0xFFE3B3, 0x7A3E74, 0x241236),  // violet evening
    Palette(0x0B1F3F, 0x4E7FA8, 0xF4F7FF, 0x2F4F72, 0x07121F),  // moonlit
    Palette(0x5B8C85, 0xF6E7C8, 0xFFFFFF, 0xB49A6C, 0x4A3B22),  // desert
    Palette(0x4A90A4, 0xFFD9C0, 0xFFF6E0, 0xC97B63, 0x5A2A27),  // autumn
  ]

  private let palette: Palette
  private let sunX: Int
  private let sunY: Int
  private let sunRadius: Int
  private let ridges: [[Int]]

  init(width: Int, height: Int, dice: inout SeededDice) {
    palette = Self.palettes[Int.random(in: 0..<Self.palettes.count, using: &dice)]
    sunX = width * Int.random(in: 18...82, using: &dice) / 100
    sunY = height * Int.random(in: 18...38, using: &dice) / 100
    sunRadius = min(width, height) * Int.random(in: 6...10, using: &dice) / 100
    ridges = (0..<4).map { layer in
      Self.ridge(width: width, height: height, layer: layer, dice: &dice)
    }
  }

  /// A line of smooth hills: straight lines between knots, eased at both ends.
  private static func ridge(
    width: Int, height: Int, layer: Int, dice: inout SeededDice
  ) -> [Int] {
    let knots = 5 + layer
    let base = height * (46 + layer * 10) / 100
    let swing = height * (10 - layer) / 100 + 1
    let heights = (0...knots).map { _ in base + Int.random(in: -swing...swing, using: &dice) }
    return (0..<width).map { x in
      let place = x * knots * 1024 / width
      let (knot, part) = (place / 1024, place % 1024)
      let eased = part * part * (3 * 1024 - 2 * part) / (1024 * 1024)
      return heights[knot] + (heights[knot + 1] - heights[knot]) * eased / 1024
    }
  }

  func draw(on canvas: inout Canvas) {
    let horizon = canvas.height * 62 / 100
    for y in 0..<canvas.height {
      let part = min(256, y * 256 / max(1, horizon))
      canvas.fill(
        row: y, 0..<canvas.width, palette.top.mixed(with: palette.horizon, part: part))
    }
    drawSun(on: &canvas)
    for (layer, ridge) in ridges.enumerated() { draw(ridge, layer, on: &canvas) }
  }

  /// Rings of falling brightness around a disc.
  private func drawSun(on canvas: inout Canvas) {
    for (radius, part) in [(sunRadius * 5 / 2, 28), (sunRadius * 17 / 10, 56), (sunRadius, 256)] {
      for dy in -radius...radius where sunY + dy >= 0 && sunY + dy < canvas.height {
        let half = Self.root(radius * radius - dy * dy)
        let colour = canvas[0, sunY + dy].mixed(with: palette.sun, part: part)
        canvas.fill(row: sunY + dy, sunX - half..<sunX + half + 1, colour)
      }
    }
  }

  private func draw(_ ridge: [Int], _ layer: Int, on canvas: inout Canvas) {
    let colour = palette.far.mixed(with: palette.near, part: layer * 256 / 3)
    let top = max(0, ridge.min() ?? 0)
    for y in top..<max(top, canvas.height) {
      // Mist: a layer is brighter towards its top.
      let depth = min(256, (y - top) * 256 / max(1, canvas.height / 4))
      let shade = colour.mixed(with: palette.horizon, part: 72 - depth * 72 / 256)
      var x = 0
      while x < canvas.width {
        guard ridge[x] <= y else {
          x += 1
          continue
        }
        let start = x
        while x < canvas.width, ridge[x] <= y { x += 1 }
        canvas.fill(row: y, start..<x, shade)
      }
    }
  }

  /// The integer square root, found bit by bit.
  private static func root(_ value: Int) -> Int {
    var root = 0
    var bit = 1 << 14
    while bit > 0 {
      if (root + bit) * (root + bit) <= value { root += bit }
      bit >>= 1
    }
    return root
  }
}
