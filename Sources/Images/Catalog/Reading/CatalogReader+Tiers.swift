/// `image.qualityTiers`.
extension CatalogReader {
  static func readTiers(_ node: CatalogNode) -> [QualityTier: ImageCatalog.Tier] {
    let names = QualityTier.allCases.map(\.rawValue)
    guard let object = CatalogObject(node, keys: names) else { return [:] }
    var tiers: [QualityTier: ImageCatalog.Tier] = [:]
    var owners: [String: String] = [:]
    for tier in QualityTier.allCases {
      guard let node = object[tier.rawValue],
        let entry = CatalogObject(node, keys: ["keywords", "typicalCost"])
      else { continue }
      let keywords = entry["keywords"]?.list(upTo: 500, orEmpty: true) { word in
        keyword(word, of: tier, &owners)
      }
      tiers[tier] = ImageCatalog.Tier(
        keywords: keywords ?? [], typicalCost: entry["typicalCost"]?.dollars())
    }
    return tiers
  }

  private static func keyword(
    _ node: CatalogNode, of tier: QualityTier, _ owners: inout [String: String]
  ) -> String? {
    guard let text = node.text(upTo: 64)?.lowercased() else { return nil }
    guard text.contains(where: { $0.isLetter || $0.isNumber }) else {
      node.fault("\(node.shown) has no letter or digit; words and phrases are allowed")
      return nil
    }
    if let owner = owners[text], owner != tier.rawValue {
      node.fault("\(node.shown) asks for the tier \(owner) already; one tier a keyword is allowed")
      return nil
    }
    owners[text] = tier.rawValue
    return text
  }
}
