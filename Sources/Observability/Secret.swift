/// A credential that must not reach a log, a dump, an error message or a crash report by accident.
///
/// Printing, interpolating, dumping and reflecting it give `[redacted]`; only ``reveal()`` gives
/// the text, so that every place that uses it can be found by name.
package struct Secret: Sendable, Hashable {
  private let text: String

  /// Wraps `text`.
  package init(_ text: String) {
    self.text = text
  }

  /// The text itself: for the request that needs it, and for nothing else.
  package func reveal() -> String { text }

  /// Whether the secret holds no text at all.
  package var isEmpty: Bool { text.isEmpty }

  /// Compares in a time that depends on the lengths only, so that the answer's delay tells an
  /// attacker nothing about how much of a guess was right.
  package static func == (a: Secret, b: Secret) -> Bool {
    b.matches(a.text)
  }

  /// Whether `candidate` is the secret's text, in a time that depends on the lengths only.
  package func matches(_ candidate: String) -> Bool {
    let own = text.utf8Span.span
    let other = candidate.utf8Span.span
    var difference: UInt8 = own.count == other.count ? 0 : 1
    guard !own.isEmpty else { return other.isEmpty }
    for index in other.indices {
      difference |= own[index % own.count] ^ other[index]
    }
    return difference == 0
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Always `[redacted]`.
  package var description: String { "[redacted]" }
  /// Always `[redacted]`.
  package var debugDescription: String { "[redacted]" }
  /// A mirror without children: `dump` and test failure messages show `[redacted]` only.
  package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
