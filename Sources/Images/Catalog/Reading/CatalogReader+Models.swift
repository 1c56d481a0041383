/// The entries of `image.providers.NAME.models`.
extension CatalogReader {
  private static let modelKeys = [
    "wireId", "dialect", "qualityTier", "supportedSizes", "aspectRatios", "maxImages", "pricing",
    "maskPricing", "maxPromptLength", "capabilities", "steps", "styles", "fallbackPriority",
    "options",
  ]

  /// What is left out is not there: no capability, no style, one picture a call, priority 1.
  static func readModel(
    _ id: String, of provider: String, _ format: WireFormat?, _ node: CatalogNode
  ) -> ImageModel? {
    guard let object = CatalogObject(node, keys: modelKeys) else { return nil }
    let tiers = QualityTier.allCases.map(\.rawValue).joined(separator: ", ")
    let tier: QualityTier? = object.required("qualityTier", "one of \(tiers) is needed")
      .flatMap { $0.choice() }
    let sizes = readSizes(object)
    let wireID = object["wireId"]?.text(upTo: 512)
    let dialect = readDialect(object, format)
    let count = object["maxImages"]?.integer(in: 1...10)
    let promptLength = object["maxPromptLength"]?.integer(in: 1...1_000_000)
    let pricing = object["pricing"].flatMap { readPricing($0, sizes: sizes) }
    let capabilities: [ImageCapability]? = object["capabilities"]?.list(orEmpty: true) {
      $0.choice()
    }
    let maskPricing = object["maskPricing"].flatMap {
      readMaskPricing($0, sizes: sizes, capabilities ?? [])
    }
    let steps = object["steps"].flatMap { readSteps($0, capabilities ?? []) }
    let styles = object["styles"]?.list(upTo: 200, orEmpty: true) { $0.text(upTo: 64) }
    let priority = object["fallbackPriority"]?.integer(in: 0...1000)
    let options = object["options"].map { readModelOptions($0, format) } ?? [:]
    guard let tier, let sizes else { return nil }
    var model = ImageModel(
      id: id, provider: provider, dialect: dialect ?? (format == .xai ? .xai : nil), tier: tier,
      sizes: sizes, maxCount: count ?? 1, pricing: pricing ?? Pricing(.unknown),
      capabilities: Set(capabilities ?? []), styles: styles ?? [], priority: priority ?? 1)
    model.wireID = wireID ?? id
    model.maxPromptLength = promptLength ?? model.maxPromptLength
    model.maskPricing = maskPricing
    model.steps = steps
    model.options = options
    return model
  }

  private static func readMaskPricing(
    _ node: CatalogNode, sizes: SizeSupport?, _ capabilities: [ImageCapability]
  ) -> Pricing? {
    if !capabilities.contains(.mask) {
      node.fault("means nothing without 'mask' among the capabilities; both or none are allowed")
    }
    return readPricing(node, sizes: sizes)
  }

  /// `{"min": 1, "max": 50}`.
  private static func readSteps(
    _ node: CatalogNode, _ capabilities: [ImageCapability]
  ) -> ClosedRange<Int>? {
    guard let object = CatalogObject(node, keys: ["min", "max"]) else { return nil }
    let low = object.required("min", "1 to 500 is allowed")?.integer(in: 1...500)
    let high = object.required("max", "1 to 500 is allowed")?.integer(in: 1...500)
    guard let low, let high else { return nil }
    guard low <= high else {
      node.fault("has a min of \(low) above its max of \(high); at most as much is allowed")
      return nil
    }
    if !capabilities.contains(.steps) {
      node.fault("means nothing without 'steps' among the capabilities; both or none are allowed")
    }
    return low...high
  }

  private static func readDialect(_ object: CatalogObject, _ format: WireFormat?) -> ImageDialect? {
    guard let node = object["dialect"] else { return nil }
    let formats: [WireFormat] = [.openAI, .azureOpenAI, .xai]
    if let format, !formats.contains(format) {
      node.fault(
        "means nothing with the wire format \(format.rawValue); it is allowed with "
          + formats.map(\.rawValue).joined(separator: ", "))
    }
    return node.choice()
  }

  // MARK: Sizes

  private static func readSizes(_ object: CatalogObject) -> SizeSupport? {
    switch (object["supportedSizes"], object["aspectRatios"]) {
    case (let sizes?, nil):
      return sizes.isObject ? readFreeSizes(sizes) : readListedSizes(sizes)
    case (nil, let ratios?):
      return ratios.list { node in
        let ratio = node.string.flatMap(AspectRatio.init(_:))
        if ratio == nil {
          node.fault("\(node.shown) is no aspect ratio; WIDTH:HEIGHT, such as 16:9, is allowed")
        }
        return ratio
      }.map { .ratios($0) }
    case (_?, let ratios?):
      ratios.fault("stands beside 'supportedSizes'; one of the two is allowed")
      return nil
    case (nil, nil):
      object.node.fault("has neither 'supportedSizes' nor 'aspectRatios'; one of them is needed")
      return nil
    }
  }

  static func size(_ node: CatalogNode) -> ImageSize? {
    let size = node.string.flatMap(ImageSize.init(_:))
    if size == nil {
      node.fault(
        "\(node.shown) is no size; WIDTHxHEIGHT in pixels from 1 to 16384, such as 1024x1024, "
          + "is allowed")
    }
    return size
  }

  private static func readListedSizes(_ node: CatalogNode) -> SizeSupport? {
    guard node.isList else {
      node.fault(
        "\(node.shown) is neither a list of sizes, such as [\"1024x1024\"], nor an object with "
          + "multipleOf, min and max; one of them is allowed")
      return nil
    }
    return node.list(size).map { .listed($0) }
  }

  private static let freeSizeKeys = [
    "multipleOf", "min", "max", "minPixels", "maxPixels", "maxRatio",
  ]

  /// `{"multipleOf": 16, "min": 256, "max": 2048}`, and further bounds.
  private static func readFreeSizes(_ node: CatalogNode) -> SizeSupport? {
    guard let object = CatalogObject(node, keys: freeSizeKeys) else { return nil }
    let step = object.required("multipleOf", "1 to 1024 is allowed")?.integer(in: 1...1024)
    let low = object.required("min", "1 to 16384 is allowed")?.integer(in: 1...16_384)
    let high = object.required("max", "1 to 16384 is allowed")?.integer(in: 1...16_384)
    let least = object["minPixels"]?.integer(in: 1...mostPixels)
    let most = object["maxPixels"]?.integer(in: 1...mostPixels)
    let ratio = object["maxRatio"]?.number(from: 1, to: 100)
    guard let step, let low, let high else { return nil }
    guard low <= high, (low + step - 1) / step * step <= high else {
      node.fault(
        "no side from \(low) to \(high) is a multiple of \(step); at least one must be allowed")
      return nil
    }
    var pixels: ClosedRange<Int>?
    if least != nil || most != nil {
      pixels = (least ?? 1)...max(least ?? 1, most ?? mostPixels)
    }
    let sizes = FreeSizes(step: step, sides: low...high, pixels: pixels, maxRatio: ratio)
    guard sizes.hasSquare, least ?? 1 <= most ?? mostPixels else {
      node.fault(
        "no square of sides from \(low) to \(high) has \(least ?? 1) to \(most ?? mostPixels) "
          + "pixels; at least one must be allowed")
      return nil
    }
    return .free(sizes)
  }

  /// Those of the largest square.
  private static let mostPixels = 16_384 * 16_384
}
