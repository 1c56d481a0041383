internal import OpenAIWire

/// `pricing` of image models: a `type` with the keys that belong to it.
extension CatalogReader {
  private enum Billing: String, CaseIterable {
    case perImage, perMegapixel, perSecond, perStep, free, unknown

    var keys: [String] {
      switch self {
      case .perImage: ["usd", "prices"]
      case .perMegapixel: ["first", "further"]
      case .perSecond: ["usd", "typicalSeconds"]
      case .perStep: ["usd", "defaultSteps"]
      case .free, .unknown: []
      }
    }
  }

  static func readPricing(_ node: CatalogNode, sizes: SizeSupport?) -> Pricing? {
    guard node.isObject else {
      node.fault("\(node.shown) is no object; an object with a 'type' is allowed")
      return nil
    }
    guard let type = node.value["type"] else {
      let types = Billing.allCases.map(\.rawValue).joined(separator: ", ")
      node.fault("the key 'type' is missing; one of \(types) is needed")
      return nil
    }
    let typeNode = CatalogNode(reading: node.reading, value: type, path: "\(node.path).type")
    guard let billing: Billing = typeNode.choice(),
      let object = CatalogObject(node, keys: ["type"] + billing.keys + ["perMillionTokens"]),
      let scheme = scheme(billing, object, sizes)
    else { return nil }
    return Pricing(scheme, perMillionTokens: object["perMillionTokens"].flatMap(readTokens))
  }

  private static func scheme(
    _ billing: Billing, _ object: CatalogObject, _ sizes: SizeSupport?
  ) -> Pricing.Scheme? {
    func dollars(_ key: String) -> Double? {
      object.required(key, "US dollars from 0 to 1000 are needed")?.dollars()
    }
    switch billing {
    case .perImage: return perImage(object, sizes)
    case .perMegapixel:
      guard let first = dollars("first"), let further = dollars("further") else { return nil }
      return .perMegapixel(first: first, further: further)
    case .perSecond:
      let seconds = object.required("typicalSeconds", "seconds from 0.01 to 3600 are needed")
      guard let price = dollars("usd"), let seconds = seconds?.number(from: 0.01, to: 3600)
      else { return nil }
      return .perSecond(price, typicalSeconds: seconds)
    case .perStep:
      let steps = object.required("defaultSteps", "steps from 1 to 500 are needed")
      guard let price = dollars("usd"), let steps = steps?.integer(in: 1...500) else { return nil }
      return .perStep(price, defaultSteps: steps)
    case .free: return .free
    case .unknown: return .unknown
    }
  }

  // MARK: Per image

  private static func perImage(_ object: CatalogObject, _ sizes: SizeSupport?) -> Pricing.Scheme? {
    switch (object["usd"], object["prices"]) {
    case (let flat?, nil): return flat.dollars().map { .perImage([Pricing.Row(price: $0)]) }
    case (nil, let prices?):
      var seen: Set<Pricing.Row> = []
      let rows = prices.list(upTo: 200) { row($0, sizes, &seen) }
      return rows.map { .perImage($0) }
    default:
      object.node.fault("needs either 'usd', one price for every picture, or a list of 'prices'")
      return nil
    }
  }

  private static func row(
    _ node: CatalogNode, _ sizes: SizeSupport?, _ seen: inout Set<Pricing.Row>
  ) -> Pricing.Row? {
    guard let object = CatalogObject(node, keys: ["quality", "size", "usd"]) else { return nil }
    let quality = object["quality"]?.text(upTo: 32)
    let size = object["size"].flatMap(size)
    if let size, case .listed(let known) = sizes, !known.contains(size) {
      let list = known.prefix(20).map(\.description).joined(separator: ", ")
      object["size"]?.fault("\(size) is no size of this model; one of \(list) is allowed")
    }
    if let size, case .free(let known) = sizes, !known.contains(size) {
      object["size"]?.fault("\(size) is no size of this model; one within its bounds is allowed")
    }
    guard let price = object.required("usd", "US dollars from 0 to 1000 are needed")?.dollars()
    else { return nil }
    guard seen.insert(Pricing.Row(quality: quality, size: size, price: 0)).inserted else {
      node.fault("prices this quality and size a second time; once is allowed")
      return nil
    }
    return Pricing.Row(quality: quality, size: size, price: price)
  }

  // MARK: Tokens

  private static func readTokens(_ node: CatalogNode) -> TokenPrices? {
    let keys = ["text", "imageInput", "imageOutput", "textOutput"]
    guard let object = CatalogObject(node, keys: keys) else { return nil }
    func dollars(_ key: String) -> Double? {
      object.required(key, "US dollars from 0 to 1000 are needed")?.dollars()
    }
    let prices = (dollars("text"), dollars("imageInput"), dollars("imageOutput"))
    let words = object["textOutput"]?.dollars()
    guard let text = prices.0, let input = prices.1, let output = prices.2 else { return nil }
    return TokenPrices(text: text, imageInput: input, imageOutput: output, textOutput: words)
  }
}
