/// What a client, or a model by the tool, asks to be drawn.
package struct ImageRequest: Sendable {
  /// A model, `provider/model`, a tier, or nil or `auto` for the gateway's choice.
  package var model: String?
  package var prompt: String
  package var negativePrompt: String?
  package var size: ImageSize?
  /// The client's own word: `hd`, `medium`, a tier, ...
  package var quality: String?
  package var style: String?
  /// 1 to 10.
  package var count = 1
  package var background: String?
  package var outputFormat: String?
  package var outputCompression: Int?
  package var moderation: String?
  package var user: String?

  /// One picture of a prompt.
  package init(prompt: String) { self.prompt = prompt }

  /// The tier that is asked for, by the model's name or by the quality.
  var tier: QualityTier? {
    model.flatMap(QualityTier.init(word:)) ?? quality.flatMap(QualityTier.init(word:))
  }
}

/// How good, and how dear, a picture is to be.
package enum QualityTier: String, Sendable, Hashable, CaseIterable {
  case ultra, high, standard, fast

  /// A tier's name; `hd` is read as high.
  package init?(word: String) {
    if word == "hd" { self = .high } else { self.init(rawValue: word) }
  }
}

/// Width and height in pixels.
package struct ImageSize: Sendable, Hashable, CustomStringConvertible {
  package let width: Int
  package let height: Int

  /// A size of 1 to 16384 pixels each way.
  package init?(width: Int, height: Int) {
    guard (1...16_384).contains(width), (1...16_384).contains(height) else { return nil }
    self.width = width
    self.height = height
  }

  /// Reads `1024x1024`.
  package init?(_ text: String) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, text.utf8.count <= 11,
      parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      let width = Int(parts[0]), let height = Int(parts[1])
    else { return nil }
    self.init(width: width, height: height)
  }

  package var description: String { "\(width)x\(height)" }

  /// The size whose shape is most like this one's; among alike shapes, the nearest in area.
  func nearest(of sizes: [ImageSize]) -> ImageSize? {
    sizes.min { left, right in
      let shapes = (distance(left), distance(right))
      if shapes.0 != shapes.1 { return shapes.0 < shapes.1 }
      return abs(left.area - area) < abs(right.area - area)
    }
  }

  private var area: Int { width * height }

  /// How many times wider, or narrower, the other is; 1 for the same shape.
  private func distance(_ other: ImageSize) -> Double {
    let ratio = Double(width * other.height) / Double(height * other.width)
    return ratio < 1 ? 1 / ratio : ratio
  }
}
