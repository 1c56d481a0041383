internal import OpenAIWire

/// Writes the input of a prediction. Every model has a schema of its own
/// (replicate.com/docs/reference/http#predictions.create), so fields have the names that most models
/// use, the model's options rename them (`guidance_field`, `image_field`, ...), and its other options
/// are sent as they are.
struct ReplicateEncoder {
  /// Addresses of the pictures to change.
  struct Files {
    var pictures: [String] = []
    var mask: String?
  }

  private let model: ImageModel
  private var ledger: ParameterLedger
  private var input = ParameterFields()

  init(_ job: ImageJob, files: Files) {
    model = job.model
    ledger = ParameterLedger(job)
    let negative = ledger.negativePrompt()
    if job.request.operation != .variation { input.add("prompt", ledger.prompt()) }
    input.add("negative_prompt", negative)
    let hasSize = addSize()
    // Models that make one picture a call have no such field.
    if job.count > 1 { input.add(field("count", "num_outputs"), job.count) }
    input.add("seed", ledger.seed())
    input.add(field("steps", "num_inference_steps"), ledger.steps())
    input.add(field("guidance", "guidance"), ledger.guidance())
    input.add(field("style", "style"), ledger.style())
    input.add("quality", ledger.wireQuality())
    addOutput()
    addFiles(files)
    // `custom` asks for width and height, which would be missing.
    let isCustom = model.options["aspect_ratio"] == "custom"
    input.add(settings: model.options, except: isCustom && !hasSize ? ["aspect_ratio"] : [])
  }

  /// What of the request could not be honoured.
  var adjusted: [String] { ledger.adjusted }

  /// The body, with the version where one is named.
  func json(version: String?) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("version", version)
      writer.member("input", raw: input.json())
    }
  }

  private func field(_ subject: String, _ usual: String) -> String {
    model.options["\(subject)_field"] ?? usual
  }

  /// - Returns: whether a size in pixels was written.
  private mutating func addSize() -> Bool {
    if case .ratios = model.sizes {
      input.add("aspect_ratio", ledger.aspectRatio()?.description)
      return false
    }
    guard let size = ledger.size() else { return false }
    if let name = model.options["size_field"] {
      input.add(name, size.description)
    } else {
      input.add("width", size.width)
      input.add("height", size.height)
    }
    return true
  }

  private mutating func addOutput() {
    // Google's models and Kontext make no WebP.
    let lacksWebP = ["nano-banana", "imagen", "kontext"].contains { model.wireID.contains($0) }
    let known = lacksWebP ? ["png", "jpeg"] : ["png", "jpeg", "webp"]
    if let format = ledger.outputFormat(of: known) {
      input.add("output_format", format == "jpeg" ? "jpg" : format)
    }
    input.add("output_quality", ledger.outputCompression())
    input.add("background", ledger.background())
    input.add("moderation", ledger.moderation())
    input.add("input_fidelity", ledger.inputFidelity())
  }

  private mutating func addFiles(_ files: Files) {
    if ledger.mask() != nil { input.add("mask", files.mask) }
    guard let first = files.pictures.first else { return }
    let name = imageField
    if name.hasSuffix("[]") {
      input.add(String(name.dropLast(2)), list: files.pictures)
    } else {
      input.add(name, first)
      if files.pictures.count > 1 {
        ledger.note("image", "\(model.id) changes one picture; the first was sent")
      }
    }
  }

  /// The field for pictures, `[]` behind it where it takes a list; from the schemas of the families.
  private var imageField: String {
    if let name = model.options["image_field"] { return name }
    let id = model.wireID
    if id.contains("kontext") { return "input_image" }
    if id.contains("flux-2") || id.contains("gpt-image") { return "input_images[]" }
    if id.contains("nano-banana") || id.contains("seedream") { return "image_input[]" }
    return "image"
  }
}
