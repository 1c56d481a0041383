/// Settings of a wire format. Most are a provider's own parameters and go out as they are; those that
/// an adapter itself understands are read here, so that a wrong one is a fault and not a surprise.
extension CatalogReader {
  /// What an option must be.
  private enum OptionRule {
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case size
    /// A ComfyUI workflow in API format.
    case workflow

    /// Whether a text is one.
    func accepts(_ text: String) -> Bool {
      switch self {
      case .integer(let range): Int(text).map(range.contains) ?? false
      case .number(let range): Double(text).map(range.contains) ?? false
      case .size: ImageSize(text) != nil
      case .workflow: ComfyWorkflow(text).filled(with: ComfyFilling.samples) != nil
      }
    }

    var allowed: String {
      switch self {
      case .integer(let range):
        "a text with a whole number from \(range.lowerBound) to \(range.upperBound) is allowed"
      case .number(let range):
        "a text with a number from \(range.lowerBound) to \(range.upperBound) is allowed"
      case .size: "WIDTHxHEIGHT in pixels from 1 to 16384, such as 1024x1024, is allowed"
      case .workflow: "a workflow in API format, a JSON object as text, is allowed"
      }
    }
  }

  private static let providerRules: [String: OptionRule] = [
    "pollMilliseconds": .integer(1...60_000), "creditPrice": .number(0...1000),
  ]

  private static func modelRules(_ format: WireFormat?) -> [String: OptionRule] {
    switch format {
    case .together, .fireworks: ["steps": .integer(1...500)]
    case .stability: ["strength": .number(0...1)]
    case .automatic1111:
      [
        "steps": .integer(1...500), "guidance": .number(0...100), "size": .size,
        "batch_size": .integer(1...100), "denoising_strength": .number(0...1),
      ]
    case .comfyUI:
      [
        "steps": .integer(1...500), "guidance": .number(0...100), "size": .size,
        "workflow": .workflow,
      ]
    default: [:]
    }
  }

  /// The options of a provider.
  static func readProviderOptions(_ node: CatalogNode) -> [String: String] {
    readOptions(node, providerRules)
  }

  /// The options of a model.
  static func readModelOptions(_ node: CatalogNode, _ format: WireFormat?) -> [String: String] {
    readOptions(node, modelRules(format))
  }

  private static func readOptions(
    _ node: CatalogNode, _ rules: [String: OptionRule]
  ) -> [String: String] {
    var options: [String: String] = [:]
    for (name, node) in CatalogObject.named(node, "the option", orEmpty: true) ?? [] {
      guard let text = node.string, text.utf8.count <= 65_536 else {
        node.fault("\(node.shown) is no text; a text of up to 65536 bytes is allowed")
        continue
      }
      if let rule = rules[name], !rule.accepts(text) {
        node.fault("\(node.shown) is not fit; \(rule.allowed)")
        continue
      }
      options[name] = text
    }
    return options
  }
}
