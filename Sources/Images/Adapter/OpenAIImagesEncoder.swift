internal import HTTP
internal import OpenAIWire

/// Writes requests in OpenAI's images API, each dialect with the parameters that it takes
/// (platform.openai.com/docs/api-reference/images, docs.x.ai/docs/guides/image-generations). A
/// model's option `steps_field` is what its server calls the number of steps.
struct OpenAIImagesEncoder {
  /// A parameter of the body.
  enum Value {
    case text(String)
    case integer(Int)
    case flag(Bool)
  }

  private let job: ImageJob
  private var ledger: ParameterLedger
  /// What must not be in the picture, for the dialect that has a field for it.
  private var negative: String?
  private var fields: [(name: String, value: Value)] = []
  /// Files of an edit or a variation.
  private var files: [(name: String, image: InputImage)] = []

  /// - Parameter namesModel: whether the body says which model is meant, as Azure's does not.
  init(_ job: ImageJob, namesModel: Bool = true) {
    self.job = job
    ledger = ParameterLedger(job)
    if namesModel { add("model", job.model.wireID) }
    // Before the prompt, which would have to say it otherwise.
    negative = job.model.dialect == .generic ? ledger.negativePrompt() : nil
    if job.request.operation != .variation { add("prompt", ledger.prompt()) }
    fields.append(("n", .integer(job.count)))
    addSize()
    addQuality()
    if job.request.operation == .generate { add("style", ledger.style()) }
    addDialectFields()
    if dialect != .xai { add("user", ledger.user()) }
    if job.partial != nil { addStream() }
    addFiles()
  }

  /// What of the request could not be honoured.
  var adjusted: [String] { ledger.adjusted }

  private var dialect: ImageDialect { job.model.dialect }

  private mutating func add(_ name: String, _ value: String?) {
    if let value { fields.append((name, .text(value))) }
  }

  // MARK: Fields

  private mutating func addSize() {
    if dialect == .xai {
      add("aspect_ratio", ledger.aspectRatio()?.description)
      add("resolution", job.model.options["resolution"])
    } else if let size = ledger.size() {
      add("size", size.description)
    } else if dialect == .gptImage {
      add("size", "auto")
    }
  }

  private mutating func addQuality() {
    guard let word = ledger.wireQuality() else {
      if dialect == .gptImage { add("quality", job.model.options["quality"] ?? "auto") }
      return
    }
    // xAI knows low and medium alone: its own choice is made where there is no word.
    if dialect != .xai || word != "auto" { add("quality", word) }
  }

  private mutating func addDialectFields() {
    switch dialect {
    case .gptImage:
      add("background", ledger.background())
      add("output_format", ledger.outputFormat())
      if let level = ledger.outputCompression() {
        fields.append(("output_compression", .integer(level)))
      }
      if job.request.operation == .generate { add("moderation", ledger.moderation()) }
      if job.request.operation == .edit { add("input_fidelity", ledger.inputFidelity()) }
    case .dallE2, .dallE3, .xai, .generic:
      // As base64 the picture arrives with the answer, and needs no second request.
      add("response_format", "b64_json")
      add("negative_prompt", negative)
      if let seed = ledger.seed() { fields.append(("seed", .integer(seed))) }
      // LocalAI's field is `step` (localai.io/features/image-generation).
      let name = job.model.options["steps_field"] ?? "steps"
      if let steps = ledger.steps() { fields.append((name, .integer(steps))) }
    }
  }

  private mutating func addStream() {
    fields.append(("stream", .flag(true)))
    fields.append(("partial_images", .integer(job.request.partialImages)))
  }

  private mutating func addFiles() {
    guard job.request.operation != .generate else { return }
    var images = job.request.images
    if dialect == .xai, images.count > Self.mostAtXAI {
      images.removeLast(images.count - Self.mostAtXAI)
      ledger.note("image", "\(job.model.id) takes \(Self.mostAtXAI) pictures; the first were sent")
    }
    for image in images {
      files.append((images.count > 1 ? "image[]" : "image", image))
    }
    if let mask = ledger.mask() { files.append(("mask", mask)) }
  }

  /// Pictures that xAI changes at once.
  private static let mostAtXAI = 3

  // MARK: Bodies

  /// Whether pictures go as JSON too, since xAI takes no forms
  /// (docs.x.ai/developers/model-capabilities/images/editing).
  var isJSON: Bool { job.request.operation == .generate || dialect == .xai }

  /// As JSON.
  func json() -> [UInt8] {
    JSONWriter.object { writer in
      for field in fields {
        switch field.value {
        case .text(let text): writer.member(field.name, text)
        case .integer(let number): writer.member(field.name, number)
        case .flag(let flag): writer.member(field.name, flag)
        }
      }
      guard let first = files.first else { return }
      if files.count == 1 { return writer.member("image", raw: Self.entry(first.image)) }
      writer.member("images", raw: JSONWriter.array(files.map { Self.entry($0.image) }))
    }
  }

  private static func entry(_ image: InputImage) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("type", "image_url")
      writer.member("url", raw: image.jsonDataURL)
    }
  }

  /// As a form, for an edit or a variation.
  func form() -> MultipartForm {
    var form = MultipartForm()
    for field in fields {
      switch field.value {
      case .text(let text): form.append(field.name, text)
      case .integer(let number): form.append(field.name, String(number))
      case .flag(let flag): form.append(field.name, flag ? "true" : "false")
      }
    }
    for (index, file) in files.enumerated() {
      form.append(
        file.name, file: file.image.bytes, name: "\(index).\(file.image.format.rawValue)",
        contentType: file.image.format.contentType)
    }
    return form
  }
}
