/// Pauses that hold for one key each: what was found out about a key or its account says nothing of
/// another one, as after an operator has replaced it, or where a gateway has one of its own.
package struct KeyPauses: Sendable, Hashable {
  /// When each ends, by ``CircuitBreaker/credential``. Under the empty one, what holds for all.
  private var ends: [String: Int64] = [:]

  /// Keys of one provider at one time. Of more the pauses that end last are kept.
  private static let capacity = 16
  private static let longestCredential = 64

  init() {}

  init(_ credential: String, until: Int64) { extend(credential, until: until) }

  /// When the pause of a key ends, in milliseconds; 0: there is none.
  package func until(_ credential: String) -> Int64 {
    ends.isEmpty ? 0 : max(ends[credential] ?? 0, ends[""] ?? 0)
  }

  /// When the last of them ends; 0: there is none.
  var last: Int64 { ends.values.max() ?? 0 }

  /// Makes the pause of a key last until then, unless it lasts longer.
  mutating func extend(_ credential: String, until: Int64) {
    guard until > 0 else { return }
    ends[credential] = max(ends[credential] ?? 0, until)
    guard ends.count > Self.capacity else { return }
    let kept = ends.sorted { ($0.value, $0.key) > ($1.value, $1.key) }.prefix(Self.capacity)
    ends = Dictionary(kept.map { ($0.key, $0.value) }, uniquingKeysWith: max)
  }

  /// Those of both, of each key the longer one.
  func merged(with other: KeyPauses) -> KeyPauses {
    var result = self
    for (credential, until) in other.ends { result.extend(credential, until: until) }
    return result
  }

  /// The same with each end moved; those that are 0 then are gone.
  func mapped(_ move: (Int64) -> Int64) -> KeyPauses {
    var result = KeyPauses()
    for (credential, until) in ends { result.extend(credential, until: move(until)) }
    return result
  }

  // MARK: As a text

  /// `CREDENTIAL:UNTIL`, with blanks in between.
  var text: String {
    ends.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " ")
  }

  /// Reads what ``text`` made; nil for anything else.
  /// - Parameter number: reads a time.
  init?(_ text: String, number: (String) -> Int64?) {
    for part in text.split(separator: " ") {
      guard let colon = part.lastIndex(of: ":"), ends.count < Self.capacity,
        let until = number(String(part[part.index(after: colon)...])), until > 0,
        Self.isCredential(String(part[..<colon]))
      else { return nil }
      ends[String(part[..<colon])] = until
    }
  }

  static func isCredential(_ text: String) -> Bool {
    text.utf8.count <= longestCredential
      && text.utf8.allSatisfy { (UInt8(ascii: "!")...UInt8(ascii: "~")).contains($0) }
  }
}
