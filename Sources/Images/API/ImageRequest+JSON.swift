internal import OpenAIWire

extension ImageRequest {
  /// Bytes of its pictures.
  package var inputBytes: Int {
    images.reduce(mask?.bytes.count ?? 0) { $0 + $1.bytes.count }
  }

  /// As a JSON object, for other gateways; its pictures as base64.
  package var json: [UInt8] {
    JSONWriter.object { writer in
      writer.member("operation", operation.rawValue)
      writer.member("model", model)
      writer.member("prompt", prompt)
      writer.member("negativePrompt", negativePrompt)
      writer.member("size", size?.description)
      writer.member("quality", quality)
      writer.member("style", style)
      writer.member("count", count)
      writer.member("seed", seed)
      writer.member("steps", steps)
      writer.member("guidance", guidance)
      writer.member("background", background)
      writer.member("outputFormat", outputFormat)
      writer.member("outputCompression", outputCompression)
      writer.member("moderation", moderation)
      writer.member("inputFidelity", inputFidelity)
      writer.member("user", user)
      writer.member("partialImages", partialImages)
      writer.member(
        "unknownFields", raw: JSONWriter.array(unknownFields.map(JSONWriter.string)))
      writer.member("constraints", raw: constraints.json)
      writer.member("images", raw: JSONWriter.array(images.map(\.jsonBase64)))
      if let mask { writer.member("mask", raw: mask.jsonBase64) }
    }
  }

  /// Reads what ``json`` wrote; nil for anything else.
  package init?(json: [UInt8]) {
    guard let object = try? JSONSlice.parse(json), let prompt = object["prompt"]?.string,
      let operation = object["operation"]?.string.flatMap(Operation.init(rawValue:)),
      let count = object["count"]?.int, (1...10).contains(count),
      let constraints = object["constraints"]
    else { return nil }
    self.init(prompt: prompt)
    self.operation = operation
    self.count = count
    model = object["model"]?.string
    negativePrompt = object["negativePrompt"]?.string
    size = object["size"]?.string.flatMap(ImageSize.init(_:))
    quality = object["quality"]?.string
    style = object["style"]?.string
    seed = object["seed"]?.int
    steps = object["steps"]?.int
    guidance = object["guidance"]?.double
    background = object["background"]?.string
    outputFormat = object["outputFormat"]?.string
    outputCompression = object["outputCompression"]?.int
    moderation = object["moderation"]?.string
    inputFidelity = object["inputFidelity"]?.string
    user = object["user"]?.string
    partialImages = object["partialImages"]?.int ?? 0
    unknownFields = object["unknownFields"]?.elements.compactMap(\.string) ?? []
    self.constraints = ImageConstraints(json: constraints)
    for entry in object["images"].map({ Array($0.elements) }) ?? [] {
      guard let image = InputImage(jsonBase64: entry) else { return nil }
      images.append(image)
    }
    if let entry = object["mask"] {
      guard let mask = InputImage(jsonBase64: entry) else { return nil }
      self.mask = mask
    }
  }
}

extension ImageConstraints {
  fileprivate var json: [UInt8] {
    JSONWriter.object { writer in
      writer.member("profile", profile)
      if let providers {
        writer.member("providers", raw: JSONWriter.array(providers.sorted().map(JSONWriter.string)))
      }
      writer.member("keepsSize", keepsSize)
      writer.member("maxCost", maxCost)
      writer.member("asksNextAfterRefusal", asksNextAfterRefusal)
    }
  }

  fileprivate init(json object: JSONSlice) {
    self.init()
    profile = object["profile"]?.string
    providers = object["providers"].map { Set($0.elements.compactMap(\.string)) }
    keepsSize = object["keepsSize"]?.bool ?? false
    maxCost = object["maxCost"]?.double
    asksNextAfterRefusal = object["asksNextAfterRefusal"]?.bool ?? false
  }
}

extension InputImage {
  /// The bytes as base64, as a JSON string with its quotes.
  fileprivate var jsonBase64: [UInt8] {
    var text = [UInt8(ascii: "\"")]
    Base64.append(bytes, to: &text)
    text.append(UInt8(ascii: "\""))
    return text
  }

  fileprivate init?(jsonBase64 value: JSONSlice) {
    guard value.kind == .string, let bytes = Base64.decode(value.raw.dropFirst().dropLast()) else {
      return nil
    }
    self.init(bytes)
  }
}
