/// A colour of 8 bits a channel.
struct Colour: Equatable, Sendable {
  var red: UInt8
  var green: UInt8
  var blue: UInt8

  init(_ hex: UInt32) {
    red = UInt8(truncatingIfNeeded: hex >> 16)
    green = UInt8(truncatingIfNeeded: hex >> 8)
    blue = UInt8(truncatingIfNeeded: hex)
  }

  /// The colour `part`/256 of the way from this one to `other`.
  func mixed(with other: Colour, part: Int) -> Colour {
    func mix(_ from: UInt8, _ to: UInt8) -> UInt8 {
      UInt8(clamping: Int(from) + (Int(to) - Int(from)) * part / 256)
    }
    var mixed = self
    mixed.red = mix(red, other.red)
    mixed.green = mix(green, other.green)
    mixed.blue = mix(blue, other.blue)
    return mixed
  }
}

/// Pixels in rows from the top, three bytes each.
struct Canvas: Sendable {
  let width: Int
  let height: Int
  private(set) var pixels: [UInt8]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: 0, count: width * height * 3)
  }

  /// Paints the pixels `columns` of row `y`; what lies outside is left out.
  mutating func fill(row y: Int, _ columns: Range<Int>, _ colour: Colour) {
    guard y >= 0, y < height else { return }
    let columns = columns.clamped(to: 0..<width)
    var at = (y * width + columns.lowerBound) * 3
    var span = pixels.mutableSpan
    for _ in columns {
      span[at] = colour.red
      span[at + 1] = colour.green
      span[at + 2] = colour.blue
      at += 3
    }
  }

  /// Paints a rectangle; what lies outside is left out.
  mutating func fill(_ columns: Range<Int>, _ rows: Range<Int>, _ colour: Colour) {
    for y in rows { fill(row: y, columns, colour) }
  }

  /// Mixes `part`/256 of `colour` into a rectangle.
  mutating func tint(_ columns: Range<Int>, _ rows: Range<Int>, _ colour: Colour, part: Int) {
    let columns = columns.clamped(to: 0..<width)
    for y in rows.clamped(to: 0..<height) {
      for x in columns {
        fill(row: y, x..<x + 1, self[x, y].mixed(with: colour, part: part))
      }
    }
  }

  /// The colour at a place inside the canvas.
  subscript(x: Int, y: Int) -> Colour {
    let at = (y * width + x) * 3
    var colour = Colour(0)
    (colour.red, colour.green, colour.blue) = (pixels[at], pixels[at + 1], pixels[at + 2])
    return colour
  }
}
