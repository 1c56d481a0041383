/// Finds what a mistyped word was meant to be.
package enum Suggestion {
  /// The known word that is nearest to `word`, if it is near enough to be meant: at most a third of
  /// its letters (and at most three) differ, swapped neighbours counting once.
  package static func nearest(to word: String, in known: some Sequence<String>) -> String? {
    let given = Array(word.lowercased().utf8.prefix(64))
    var best: (word: String, distance: Int)?
    for candidate in known {
      let distance = distance(given, Array(candidate.lowercased().utf8))
      guard distance <= min(3, max(1, candidate.utf8.count / 3)) else { continue }
      if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
    }
    return best?.word
  }

  /// What to say of a word that is not known: what it was meant to be, or what there is.
  package static func hint(for word: String, in known: [String]) -> String {
    if let nearest = nearest(to: word, in: known) { return "did you mean '\(nearest)'?" }
    return known.isEmpty ? "there are none" : "there are \(known.joined(separator: ", "))"
  }

  /// The optimal string alignment distance.
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    guard !a.isEmpty && !b.isEmpty else { return max(a.count, b.count) }
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for i in 1...a.count {
      var current = [i]
      for j in 1...b.count {
        let substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        var cost = min(previous[j] + 1, current[j - 1] + 1, substitution)
        if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
          cost = min(cost, beforePrevious[j - 2] + 1)
        }
        current.append(cost)
      }
      beforePrevious = previous
      previous = current
    }
    return previous[b.count]
  }
}
