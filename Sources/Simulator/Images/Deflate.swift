internal import CZlib

/// Compression with zlib (RFC 1950), the only compression that PNG knows.
enum Deflate {
  /// `bytes` as a zlib stream; nil where zlib has no memory for it.
  static func zlib(_ bytes: [UInt8]) -> [UInt8]? {
    var length = compressBound(uLong(bytes.count))
    var output = [UInt8](repeating: 0, count: Int(length))
    // The fastest level: drawn pictures are runs of equal bytes, which it finds as well.
    guard compress2(&output, &length, bytes, uLong(bytes.count), 1) == Z_OK else { return nil }
    output.removeLast(output.count - Int(length))
    return output
  }
}
