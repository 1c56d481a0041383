/// Pauses that hold for one key each: what was found out about a key or its account says nothing of
/// another one, as after an operator has replaced it, or where a gateway has one of its own.
///
/// Besides the pause of a key that lasts longest those are kept that were found out later: they hold
/// after a reset that came in between.
package struct KeyPauses: Sendable, Hashable {
  private struct Pause: Sendable, Hashable {
    /// See ``CircuitBreaker/credential``. Empty: it holds for all.
    let credential: String
    /// When it was found out.
    let found: Int64
    let until: Int64

    /// Whether the other one never matters beside this one.
    func covers(_ other: Pause) -> Bool {
      credential == other.credential && found >= other.found && until >= other.until
    }
  }

  /// None of which covers another one; the one that ends last is the first.
  private var pauses: [Pause] = []

  /// Pauses of one provider at one time. Of more those that end last are kept.
  private static let capacity = 16
  private static let longestCredential = 64

  init() {}

  init(_ credential: String, found: Int64 = 0, until: Int64) {
    extend(credential, found: found, until: until)
  }

  /// When the pause of a key ends, in milliseconds; 0: there is none.
  package func until(_ credential: String) -> Int64 {
    pauses.first { $0.credential == credential || $0.credential.isEmpty }?.until ?? 0
  }

  /// When the last of them ends; 0: there is none.
  var last: Int64 { pauses.first?.until ?? 0 }

  /// When the latest of them was found out; 0: there is none.
  var lastFound: Int64 { pauses.map(\.found).max() ?? 0 }

  /// Makes the pause of a key last until then, unless it lasts longer.
  /// - Parameter found: the present time.
  mutating func extend(_ credential: String, found: Int64, until: Int64) {
    let pause = Pause(credential: credential, found: found, until: until)
    guard until > 0, !pauses.contains(where: { $0.covers(pause) }) else { return }
    pauses.removeAll { pause.covers($0) }
    pauses.append(pause)
    pauses.sort { ($0.until, $0.found, $0.credential) > ($1.until, $1.found, $1.credential) }
    if pauses.count > Self.capacity { pauses.removeLast() }
  }

  /// Those of both, of each key the longer one.
  func merged(with other: KeyPauses) -> KeyPauses {
    var result = self
    for pause in other.pauses {
      result.extend(pause.credential, found: pause.found, until: pause.until)
    }
    return result
  }

  /// Those that were found out after a time.
  func found(after time: Int64) -> KeyPauses {
    var result = self
    result.pauses.removeAll { $0.found <= time }
    return result
  }

  /// The same with each end moved, and when each was found out; those whose end is 0 then are gone.
  func mapped(found: (Int64) -> Int64 = { $0 }, until: (Int64) -> Int64) -> KeyPauses {
    var result = KeyPauses()
    for pause in pauses {
      result.extend(pause.credential, found: found(pause.found), until: until(pause.until))
    }
    return result
  }

  // MARK: As a text

  /// `CREDENTIAL:FOUND:UNTIL`, with blanks in between.
  var text: String {
    pauses.map { "\($0.credential):\($0.found):\($0.until)" }.joined(separator: " ")
  }

  /// `CREDENTIAL:UNTIL`, each key once: for older versions of the gateway.
  var ends: String {
    Set(pauses.map(\.credential)).sorted().map { "\($0):\(end(of: $0))" }.joined(separator: " ")
  }

  private func end(of credential: String) -> Int64 {
    pauses.first { $0.credential == credential }?.until ?? 0
  }

  /// Reads what ``text`` made, or, with `hasFound` false, ``ends``; nil for anything else.
  /// - Parameter number: reads a time.
  init?(_ text: String, hasFound: Bool = true, number: (String) -> Int64?) {
    for part in text.split(separator: " ") {
      var fields = part.split(separator: ":", omittingEmptySubsequences: false)
      guard fields.count > (hasFound ? 2 : 1), pauses.count < Self.capacity,
        let until = number(String(fields.removeLast())), until > 0,
        let found = hasFound ? number(String(fields.removeLast())) : 0
      else { return nil }
      let credential = fields.joined(separator: ":")
      guard Self.isCredential(credential) else { return nil }
      extend(credential, found: found, until: until)
    }
  }

  static func isCredential(_ text: String) -> Bool {
    text.utf8.count <= longestCredential
      && text.utf8.allSatisfy { (UInt8(ascii: "!")...UInt8(ascii: "~")).contains($0) }
  }
}
