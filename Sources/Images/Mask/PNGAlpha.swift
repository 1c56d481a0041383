/// Reads how opaque the pixels of a PNG are (ISO/IEC 15948), which is all that a mask says.
enum PNGAlpha {
  /// What was read.
  enum Reading: Equatable {
    /// 0 is transparent, 255 opaque; one byte a pixel, row by row.
    case alpha(width: Int, height: Int, pixels: [UInt8])
    /// Every pixel is opaque, for there is no alpha channel.
    case none
    /// Broken, too large, interlaced, or of another depth than 8 bits.
    case unreadable
  }

  /// Pixels of the largest mask that is read.
  static let pixelLimit = 1 << 24

  private struct Header {
    var width: Int
    var height: Int
    var colour: UInt8
    /// Of one pixel.
    var bytes: Int { colour == 6 ? 4 : colour == 4 ? 2 : 1 }
    /// Of one row, behind its filter.
    var stride: Int { width * bytes }
  }

  static func read(_ file: [UInt8]) -> Reading {
    guard file.count > 33, number(file, 12) == 0x4948_4452 else { return .unreadable }
    let header = Header(width: number(file, 16), height: number(file, 20), colour: file[25])
    var data: [UInt8] = []
    var opacities: [UInt8] = []
    var at = 8
    while at + 12 <= file.count {
      let length = number(file, at)
      guard length <= file.count - at - 12 else { return .unreadable }
      let content = file[(at + 8)..<(at + 8 + length)]
      switch number(file, at + 4) {
      case 0x4944_4154: data += content  // IDAT
      case 0x7452_4E53: opacities = Array(content)  // tRNS
      default: break
      }
      at += length + 12
    }
    guard [3, 4, 6].contains(header.colour), header.colour != 3 || !opacities.isEmpty else {
      return .none
    }
    guard file[24] == 8, file[28] == 0, header.width > 0, header.height > 0,
      header.width <= pixelLimit, header.height <= pixelLimit / header.width,
      var rows = try? Inflate.zlib(data, limit: (header.stride + 1) * header.height),
      rows.count == (header.stride + 1) * header.height, unfilter(&rows, header)
    else { return .unreadable }
    return .alpha(
      width: header.width, height: header.height, pixels: alpha(of: rows, header, opacities))
  }

  private static func number(_ file: [UInt8], _ at: Int) -> Int {
    file[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
  }

  private static func alpha(
    of rows: [UInt8], _ header: Header, _ opacities: [UInt8]
  ) -> [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(header.width * header.height)
    for y in 0..<header.height {
      let row = y * (header.stride + 1) + 1
      for x in 0..<header.width {
        let value = rows[row + (x + 1) * header.bytes - 1]
        // Of a palette, the colours that are not named are opaque.
        pixels.append(
          header.colour != 3 ? value : Int(value) < opacities.count ? opacities[Int(value)] : 255)
      }
    }
    return pixels
  }

  /// Undoes the filters (section 9); false for one that does not exist.
  private static func unfilter(_ rows: inout [UInt8], _ header: Header) -> Bool {
    let (stride, bytes) = (header.stride, header.bytes)
    for y in 0..<header.height {
      let row = y * (stride + 1) + 1
      let filter = rows[row - 1]
      guard filter <= 4 else { return false }
      guard filter > 0 else { continue }
      for x in 0..<stride {
        let left = x < bytes ? 0 : Int(rows[row + x - bytes])
        let above = y == 0 ? 0 : Int(rows[row + x - stride - 1])
        let corner = x < bytes || y == 0 ? 0 : Int(rows[row + x - stride - 1 - bytes])
        let guess =
          switch filter {
          case 1: left
          case 2: above
          case 3: (left + above) / 2
          default: paeth(left, above, corner)
          }
        rows[row + x] &+= UInt8(guess)
      }
    }
    return true
  }

  private static func paeth(_ left: Int, _ above: Int, _ corner: Int) -> Int {
    let guess = left + above - corner
    let distances = (abs(guess - left), abs(guess - above), abs(guess - corner))
    if distances.0 <= distances.1, distances.0 <= distances.2 { return left }
    return distances.1 <= distances.2 ? above : corner
  }
}
