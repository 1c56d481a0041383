/// Writes a canvas as a PNG file (ISO/IEC 15948): 8-bit RGB, one IDAT chunk.
enum PNGEncoder {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The file's bytes; nil where there is no memory to compress it.
  static func encode(_ canvas: Canvas) -> [UInt8]? {
    guard let pixels = Deflate.zlib(filtered(canvas)) else { return nil }
    var file = signature
    var header = bigEndian(canvas.width) + bigEndian(canvas.height)
    header += [8, 2, 0, 0, 0]  // depth 8, RGB, deflate, adaptive filters, not interlaced
    append("IHDR", header, to: &file)
    append("IDAT", pixels, to: &file)
    append("IEND", [], to: &file)
    return file
  }

  /// Each row behind its filter type: "Up" where most of the row repeats the one above, else "Sub".
  private static func filtered(_ canvas: Canvas) -> [UInt8] {
    let stride = canvas.width * 3
    let pixels = canvas.pixels.span
    return [UInt8](capacity: (stride + 1) * canvas.height) { output in
      for y in 0..<canvas.height {
        let row = y * stride
        if y > 0, repeatsRowAbove(pixels, row, stride) {
          output.append(2)
          for at in row..<row + stride { output.append(pixels[at] &- pixels[at - stride]) }
        } else {
          output.append(1)
          for at in row..<row + min(3, stride) { output.append(pixels[at]) }
          for at in row + min(3, stride)..<row + stride {
            output.append(pixels[at] &- pixels[at - 3])
          }
        }
      }
    }
  }

  private static func repeatsRowAbove(_ pixels: Span<UInt8>, _ row: Int, _ stride: Int) -> Bool {
    var equal = 0
    for at in Swift.stride(from: row, to: row + stride, by: 48)
    where pixels[at] == pixels[at - stride] {
      equal += 1
    }
    return equal * 48 * 2 > stride
  }

  private static func append(_ type: String, _ data: [UInt8], to file: inout [UInt8]) {
    file += bigEndian(data.count)
    let start = file.count
    file += type.utf8
    file += data
    file += bigEndian(Int(CRC32.of(file[start...])))
  }

  private static func bigEndian(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
