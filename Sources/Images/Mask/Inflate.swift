/// Decompresses zlib streams (RFC 1950, RFC 1951), for the little that is to be read of a PNG.
struct Inflate {
  /// The stream is broken, or longer than it may be.
  struct Broken: Error {}

  private let input: ArraySlice<UInt8>
  private var at: Int
  private var bits = 0
  private var bitCount = 0
  private var output: [UInt8] = []
  private let limit: Int

  private init(_ input: ArraySlice<UInt8>, limit: Int) {
    self.input = input
    self.limit = limit
    at = input.startIndex
    output.reserveCapacity(min(limit, input.count * 8))
  }

  /// The content of a zlib stream. Its checksum is not looked at.
  /// - Parameter limit: bytes that it may have.
  /// - Throws: `Broken`.
  static func zlib(_ input: [UInt8], limit: Int) throws(Broken) -> [UInt8] {
    guard input.count > 2, input[0] & 0x0F == 8, input[1] & 0x20 == 0 else { throw Broken() }
    var inflate = Inflate(input[2...], limit: limit)
    try inflate.run()
    return inflate.output
  }

  private mutating func run() throws(Broken) {
    var isLast = false
    while !isLast {
      isLast = try take(1) == 1
      switch try take(2) {
      case 0: try copyStored()
      case 1:
        guard let fixed = Huffman.fixed else { throw Broken() }
        try expand(fixed.literals, fixed.distances)
      case 2:
        let (literals, distances) = try codes()
        try expand(literals, distances)
      default: throw Broken()
      }
    }
  }

  /// A number of 0 to 13 bits, the lowest first.
  private mutating func take(_ count: Int) throws(Broken) -> Int {
    while bitCount < count {
      guard at < input.endIndex else { throw Broken() }
      bits |= Int(input[at]) << bitCount
      at += 1
      bitCount += 8
    }
    let value = bits & (1 << count - 1)
    bits >>= count
    bitCount -= count
    return value
  }

  private mutating func symbol(_ code: Huffman) throws(Broken) -> Int {
    try code.symbol { () throws(Broken) in try take(1) }
  }

  private mutating func append(_ bytes: some Collection<UInt8>) throws(Broken) {
    guard output.count + bytes.count <= limit else { throw Broken() }
    output.append(contentsOf: bytes)
  }

  private mutating func copyStored() throws(Broken) {
    bits = 0
    bitCount = 0
    guard at + 4 <= input.endIndex else { throw Broken() }
    let length = Int(input[at]) | Int(input[at + 1]) << 8
    let complement = Int(input[at + 2]) | Int(input[at + 3]) << 8
    at += 4
    guard length ^ complement == 0xFFFF, at + length <= input.endIndex else { throw Broken() }
    try append(input[at..<at + length])
    at += length
  }

  // MARK: Compressed blocks

  private static let lengthBase = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
  ]
  private static let lengthBits = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  private static let distanceBase = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
    2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
  ]

  private mutating func expand(_ literals: Huffman, _ distances: Huffman) throws(Broken) {
    while true {
      let value = try symbol(literals)
      if value == 256 { return }
      if value < 256 {
        try append(CollectionOfOne(UInt8(value)))
        continue
      }
      guard value - 257 < Self.lengthBase.count else { throw Broken() }
      let length = Self.lengthBase[value - 257] + (try take(Self.lengthBits[value - 257]))
      let code = try symbol(distances)
      guard code < Self.distanceBase.count else { throw Broken() }
      let distance = Self.distanceBase[code] + (try take(max(0, code / 2 - 1)))
      guard distance <= output.count, output.count + length <= limit else { throw Broken() }
      // One by one: what is copied may have been written by the same copy.
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
  }

  /// The codes that stand before a block (RFC 1951, section 3.2.7).
  private mutating func codes() throws(Broken) -> (Huffman, Huffman) {
    let literalCount = try take(5) + 257
    let distanceCount = try take(5) + 1
    let codeCount = try take(4) + 4
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    var lengths = [Int](repeating: 0, count: 19)
    for index in 0..<codeCount { lengths[order[index]] = try take(3) }
    let code = try Huffman(lengths)
    var all: [Int] = []
    while all.count < literalCount + distanceCount {
      let value = try symbol(code)
      switch value {
      case 0...15: all.append(value)
      case 16:
        guard let last = all.last else { throw Broken() }
        all += Array(repeating: last, count: try take(2) + 3)
      case 17: all += Array(repeating: 0, count: try take(3) + 3)
      default: all += Array(repeating: 0, count: try take(7) + 11)
      }
    }
    guard all.count == literalCount + distanceCount, literalCount <= 286 else { throw Broken() }
    return (try Huffman(all[..<literalCount]), try Huffman(all[literalCount...]))
  }
}
