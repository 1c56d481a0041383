/// Finds the tier that a prompt's words ask for: whole words only, the longest phrase wins, and
/// among phrases of one length the better tier.
struct QualityKeywords: Sendable {
  private var tiers: [String: QualityTier] = [:]
  private var longest = 0

  init(_ tiers: [QualityTier: ImageCatalog.Tier]) {
    for tier in QualityTier.allCases.reversed() {
      for keyword in tiers[tier]?.keywords ?? [] {
        let words = Self.words(keyword)
        guard !words.isEmpty else { continue }
        self.tiers[words.joined(separator: " ")] = tier
        longest = max(longest, words.count)
      }
    }
  }

  func tier(of prompt: String) -> QualityTier? {
    let words = Self.words(prompt)
    var best: (length: Int, tier: QualityTier)?
    for start in words.indices {
      for count in 1...max(1, longest) where start + count <= words.count {
        let phrase = words[start..<start + count].joined(separator: " ")
        guard let tier = tiers[phrase] else { continue }
        let rank = QualityTier.allCases.firstIndex(of: tier) ?? 0
        let bestRank = best.flatMap { QualityTier.allCases.firstIndex(of: $0.tier) } ?? .max
        if phrase.utf8.count > best?.length ?? 0
          || (phrase.utf8.count == best?.length && rank < bestRank)
        {
          best = (phrase.utf8.count, tier)
        }
      }
    }
    return best?.tier
  }

  /// Letters and digits in lower case; everything else parts words, so that `high-quality` and
  /// `high quality` are alike. Only the first 4096 characters speak of quality.
  private static func words(_ text: String) -> [String] {
    text.prefix(4096).lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }
}
