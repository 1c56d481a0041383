#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Makes inputs: seeds that are damaged, spliced and repeated, and noise. The same seed gives the
/// same inputs.
struct Mutator {
  private var state: UInt64
  private static let tokens: [[UInt8]] = [
    "\r\n", "\n", "\r", "\r\n\r\n", ":", " ", "\t", "0", "ffffffffffffffff", "-1", "+5", "0x5", ";",
    "\"", "\\", "\\u", "{", "}", "[", "]", ",", "null", "1e999", "Transfer-Encoding: chunked\r\n",
    "Content-Length: 5\r\n", "data:", "event: x\n", "\u{FEFF}", "\u{0}", "HTTP/1.1", "\u{2028}",
  ].map { Array($0.utf8) }

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// A number below `bound` (xorshift64*).
  private mutating func number(_ bound: Int) -> Int {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % max(1, bound)
  }

  mutating func input(from seeds: [[UInt8]]) -> [UInt8] {
    if number(10) == 0 { return (0..<number(200)).map { _ in UInt8(number(256)) } }
    var bytes = seeds[number(seeds.count)]
    for _ in 0...number(6) { mutate(&bytes, seeds) }
    return bytes
  }

  private mutating func mutate(_ bytes: inout [UInt8], _ seeds: [[UInt8]]) {
    let place = number(bytes.count + 1)
    switch number(7) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(number(8))
    case 1 where place < bytes.count: bytes[place] = UInt8(number(256))
    case 2: bytes.insert(contentsOf: Self.tokens[number(Self.tokens.count)], at: place)
    case 3 where place < bytes.count:
      bytes.removeSubrange(place..<min(bytes.count, place + 1 + number(8)))
    case 4: bytes = Array(bytes.prefix(place))
    case 5 where bytes.count < 2_000:
      bytes.insert(contentsOf: bytes.prefix(number(bytes.count + 1)), at: place)
    default:
      let other = seeds[number(seeds.count)]
      if bytes.count < 2_000 {
        bytes.insert(contentsOf: other.suffix(number(other.count + 1)), at: place)
      }
    }
  }
}

func exitWithFailure() -> Never { exit(1) }
