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
    var text = Self.template
    var bytes = text.mutableSpan
    write(random(), to: &bytes, at: 4)
    write(random(), to: &bytes, at: 20)
    return String(decoding: text, as: UTF8.self)
  }

  private static let template = Array("req_".utf8) + [UInt8](repeating: 0x30, count: 32)

  /// Writes 16 digits.
  private func write(_ number: UInt64, to bytes: inout MutableSpan<UInt8>, at start: Int) {
    var rest = number
    for index in start..<start + 16 {
      rest = rest << 4 | rest >> 60
      let digit = UInt8(truncatingIfNeeded: rest) & 0xF
      bytes[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
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
