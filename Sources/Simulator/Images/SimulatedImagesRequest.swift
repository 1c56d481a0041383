internal import OpenAIWire

/// A request to OpenAI's images API, checked as strictly as the API does
/// (platform.openai.com/docs/api-reference/images).
struct SimulatedImagesRequest: Sendable {
  enum Operation: Sendable {
    case generation, edit, variation
  }

  let operation: Operation
  let model: String
  private(set) var prompt = ""
  private(set) var width = 1024
  private(set) var height = 1024
  private(set) var size = "auto"
  private(set) var quality = "auto"
  private(set) var background = "auto"
  private(set) var outputFormat = "png"
  private(set) var count = 1
  private(set) var asURL = false
  private(set) var streams = false
  private(set) var partialImages = 0
  private(set) var inputs: [[UInt8]] = []

  /// - Parameters:
  ///   - contentType: of the body, which is JSON for a generation and else a form.
  ///   - deployment: what decides the model in place of the body, as Azure has it.
  /// - Throws: what the API answers to such a body.
  init(
    _ operation: Operation, body: [UInt8], contentType: String, deployment: String? = nil
  ) throws(OpenAIError) {
    self.operation = operation
    let fields =
      operation == .generation
      ? try ImagesFields(json: body) : try ImagesFields(form: body, contentType: contentType)
    if let deployment {
      model = deployment
    } else {
      model = try fields.text("model") ?? "dall-e-2"
    }
    let rules = ImagesRules(model)
    guard operation == .generation || operation == .edit || rules.family == .dallE2,
      operation == .generation || rules.family != .dallE3
    else {
      throw .invalidRequest("Invalid value: '\(model)'. Value must be 'dall-e-2'.", param: "model")
    }
    let known = rules.parameters(operation)
    try fields.allowOnly(
      deployment == nil ? known : known.filter { $0 != "model" },
      files: operation == .generation
        ? [] : operation == .edit ? ["image", "image[]", "mask"] : ["image"])
    try readPrompt(fields)
    try readFiles(fields, rules)
    try readParameters(fields, rules)
  }

  private mutating func readPrompt(_ fields: ImagesFields) throws(OpenAIError) {
    guard operation != .variation else { return }
    guard let prompt = try fields.text("prompt"), !prompt.isEmpty else {
      throw .invalidRequest("Missing required parameter: 'prompt'.", param: "prompt")
    }
    guard !prompt.lowercased().contains("forbidden") else {
      throw OpenAIError(
        status: 400, message: "Your request was rejected by the safety system.",
        type: "image_generation_user_error", code: "moderation_blocked")
    }
    self.prompt = prompt
  }

  private mutating func readFiles(
    _ fields: ImagesFields, _ rules: ImagesRules
  ) throws(OpenAIError) {
    guard operation != .generation else { return }
    inputs = fields.files.filter { $0.name != "mask" }.map(\.bytes)
    let masks = fields.files.filter { $0.name == "mask" }.map(\.bytes)
    guard !inputs.isEmpty else {
      throw .invalidRequest("Missing required parameter: 'image'.", param: "image")
    }
    guard inputs.count <= rules.maxInputs, masks.count <= 1 else {
      throw .invalidRequest("Too many images.", param: "image")
    }
    for (name, bytes) in fields.files where !rules.takes(file: bytes, isMask: name == "mask") {
      throw .invalidRequest(
        "Invalid image file or mode for '\(name)', please check your image file.", param: name,
        code: "invalid_image_file")
    }
    if let mask = masks.first, let image = inputs.first, let wanted = ImagesRules.pngSize(image),
      let size = ImagesRules.pngSize(mask), size != wanted
    {
      throw .invalidRequest("Mask and image must have the same size.", param: "mask")
    }
  }

  private mutating func readParameters(
    _ fields: ImagesFields, _ rules: ImagesRules
  ) throws(OpenAIError) {
    count = try fields.int("n", in: 1...(rules.family == .dallE3 ? 1 : 10)) ?? 1
    size =
      if let sizes = rules.sizes { try fields.text("size", of: sizes) ?? sizes[0] } else {
        try fields.text("size") ?? rules.defaultSize
      }
    let sides = (size == "auto" ? "1024x1024" : size).split(separator: "x").map { Int($0) }
    guard sides.count == 2, let width = sides[0], let height = sides[1],
      rules.allows(width: width, height: height)
    else {
      throw .invalidRequest("Invalid 'size'.", param: "size")
    }
    (self.width, self.height) = (width, height)
    if let words = rules.qualities {
      quality = try fields.text("quality", of: words) ?? words[0]
    }
    background = try fields.text("background", of: ["auto", "opaque", "transparent"]) ?? "auto"
    outputFormat = try fields.text("output_format", of: ["png", "jpeg", "webp"]) ?? "png"
    _ = try fields.int("output_compression", in: 0...100)
    _ = try fields.text("moderation", of: ["auto", "low"])
    _ = try fields.text("input_fidelity", of: ["high", "low"])
    _ = try fields.text("style", of: ["vivid", "natural"])
    let format = try fields.text("response_format", of: ["url", "b64_json"])
    asURL = (format ?? (rules.family == .gptImage ? "b64_json" : "url")) == "url"
    streams = try fields.bool("stream") ?? false
    partialImages = try fields.int("partial_images", in: 0...3) ?? 0
  }
}
