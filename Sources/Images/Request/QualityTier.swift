/// How good, and how dear, a picture is to be; best first.
package enum QualityTier: String, Sendable, Hashable, CaseIterable {
  case ultra, high, standard, fast

  /// A tier's name; `hd` is read as high.
  package init?(word: String) {
    if word == "hd" { self = .high } else { self.init(rawValue: word) }
  }
}
