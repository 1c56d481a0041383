/// A canonical Huffman code of deflate (RFC 1951, section 3.2.2).
struct Huffman {
  /// How many codes there are of each length, 0 to 15 bits.
  private var counts = [Int](repeating: 0, count: 16)
  /// The symbols, by length and then by value.
  private var symbols: [Int]

  /// - Parameter lengths: of each symbol's code, 0 to 15; 0 for none.
  /// - Throws: `Inflate.Broken` where more codes are named than there are.
  init(_ lengths: some Collection<Int>) throws(Inflate.Broken) {
    symbols = [Int](repeating: 0, count: lengths.count)
    for length in lengths { counts[length] += 1 }
    var left = 1
    for length in 1...15 {
      left = left << 1 - counts[length]
      if left < 0 { throw Inflate.Broken() }
    }
    var offsets = [Int](repeating: 0, count: 16)
    for length in 1..<15 { offsets[length + 1] = offsets[length] + counts[length] }
    for (symbol, length) in lengths.enumerated() where length > 0 {
      symbols[offsets[length]] = symbol
      offsets[length] += 1
    }
  }

  /// The symbol of the next bits.
  func symbol(
    _ bit: () throws(Inflate.Broken) -> Int
  ) throws(Inflate.Broken) -> Int {
    var code = 0
    var first = 0
    var index = 0
    for length in 1...15 {
      code |= try bit()
      let count = counts[length]
      if code - count < first { return symbols[index + code - first] }
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw Inflate.Broken()
  }

  /// The codes that need not be sent (section 3.2.6).
  static let fixed: (literals: Huffman, distances: Huffman)? = {
    let literals =
      Array(repeating: 8, count: 144) + Array(repeating: 9, count: 112)
      + Array(repeating: 7, count: 24) + Array(repeating: 8, count: 8)
    guard let literals = try? Huffman(literals),
      let distances = try? Huffman(Array(repeating: 5, count: 30))
    else { return nil }
    return (literals, distances)
  }()
}
