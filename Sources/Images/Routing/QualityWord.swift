/// How much effort a word for quality asks for, be it a client's or a provider's.
enum QualityWord {
  case low, medium, high
  /// Beyond high: of the models that have it, at several times the price
  /// (platform.openai.com/docs/api-reference/images/create).
  case xhigh, max
  /// Leaves it to the provider.
  case auto
  /// In nobody's vocabulary.
  case unknown

  init(_ word: String) {
    switch word {
    case "low", "fast": self = .low
    case "medium", "standard": self = .medium
    case "high", "hd", "ultra": self = .high
    case "xhigh": self = .xhigh
    case "max": self = .max
    case "auto": self = .auto
    default: self = .unknown
    }
  }

  /// Whether nobody gets it who does not ask for it by name.
  var isExtra: Bool { self == .xhigh || self == .max }

  /// Whether a provider's word gives what this one asks for.
  func isHonoured(by wire: String) -> Bool {
    switch self {
    case .auto: true
    case .unknown: QualityWord(wire) == .unknown
    case .low, .medium, .high, .xhigh, .max: QualityWord(wire) == self
    }
  }
}
