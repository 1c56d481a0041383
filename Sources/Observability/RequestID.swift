import Synchronization

/// Ids that tie together an answer (`x-request-id`), its log lines and the upstream's.
package enum RequestID {
  private static let shared = Mutex(RequestIDGenerator())

  /// A new id from a generator that all threads share. An event loop that makes many may own a
  /// ``RequestIDGenerator``.
  package static func generate() -> String {
    shared.withLock { $0.next() }
  }

  /// The id that a client sent, if it can be used: 1 to 128 letters, digits, dots, underscores or
  /// hyphens. Anything else is not taken over into logs and headers.
  package static func accept(_ incoming: String?) -> String? {
    guard let incoming, isValid(incoming) else { return nil }
    return incoming
  }

  /// Whether `id` is 1 to 128 bytes of `[A-Za-z0-9._-]`.
  package static func isValid(_ id: String) -> Bool {
    let bytes = id.utf8
    guard (1...128).contains(bytes.count) else { return false }
    return bytes.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
  }
}

/// Makes ids of the form `req_` and 32 hexadecimal digits.
///
/// The generator is xoshiro256**, seeded by the system's: ids don't collide, but who has seen a few
/// can compute the next. They name requests in logs; they grant nothing, and nothing that must not
/// be guessed (a picture's id, a key) may come from here.
package struct RequestIDGenerator: Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// A generator with a seed of its own.
  package init() {
    var system = SystemRandomNumberGenerator()
    // The lowest bit is set because a state of zeros only would stay so.
    state = (system.next() | 1, system.next(), system.next(), system.next())
  }

  /// The next id: 36 ASCII characters.
  package mutating func next() -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(36)
    bytes.append(contentsOf: "req_".utf8)
    append(random(), to: &bytes)
    append(random(), to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func append(_ number: UInt64, to bytes: inout [UInt8]) {
    for shift in stride(from: 60, through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 0xF
      bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }

  private mutating func random() -> UInt64 {
    let product = state.1 &* 5
    let result = (product << 7 | product >> 57) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = state.3 << 45 | state.3 >> 19
    return result
  }
}
