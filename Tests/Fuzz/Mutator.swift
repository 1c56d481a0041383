import SeededRandom

extension SeededGenerator {
  /// Cuts bytes in pieces of random lengths, in some runs down to single bytes.
  mutating func split(_ bytes: [UInt8]) -> [[UInt8]] {
    split(bytes, longest: pick([1, 2, 5, 17, 64]))
  }
}

/// Makes inputs out of seeds.
struct Mutator: Sendable {
  let seeds: [[UInt8]]
  let tokens: [[UInt8]]
  /// Bytes of an input; longer ones are cut.
  static let longest = 1024

  func input(_ random: inout SeededGenerator) -> [UInt8] {
    if random.below(50) == 0 {
      return (0..<random.below(64)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
    var bytes = random.pick(seeds)
    for _ in 0..<random.pick([0, 1, 1, 2, 3, 5]) { mutate(&bytes, &random) }
    return Array(bytes.prefix(Self.longest))
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    let at = random.below(bytes.count + 1)
    let end = min(bytes.count, at + random.below(16))
    switch random.below(9) {
    case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8(random.below(8))
    case 1 where at < bytes.count: bytes[at] = UInt8(truncatingIfNeeded: random.next())
    case 2: bytes.insert(contentsOf: random.pick(tokens), at: at)
    case 3: bytes.replaceSubrange(at..<end, with: random.pick(tokens))
    case 4: bytes.removeSubrange(at..<end)
    case 5: bytes.insert(contentsOf: Array(bytes[at..<end]), at: random.below(bytes.count + 1))
    case 6:
      let other = random.pick(seeds)
      bytes = Array(bytes[..<at]) + other[random.below(other.count + 1)...]
    case 7: bytes.removeSubrange(at...)
    default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: at)
    }
  }
}
