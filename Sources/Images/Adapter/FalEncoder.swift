internal import OpenAIWire

/// Writes the input of a model at fal.ai. Every model has a schema of its own (fal.ai/models), so
/// fields have the names that most models use, the model's options rename them (`guidance_field`,
/// `image_field`, ...), `edit_endpoint` names the endpoint for edits, and its other options are sent
/// as they are.
struct FalEncoder {
  private let model: ImageModel
  private let isEdit: Bool
  private var ledger: ParameterLedger
  private var input = ParameterFields()

  init(_ job: ImageJob) {
    model = job.model
    isEdit = job.request.operation != .generate
    ledger = ParameterLedger(job)
    let negative = ledger.negativePrompt()
    if job.request.operation != .variation { input.add("prompt", ledger.prompt()) }
    input.add("negative_prompt", negative)
    addSize()
    if job.count > 1 { input.add(field("count", "num_images"), job.count) }
    input.add("seed", ledger.seed())
    input.add(field("steps", "num_inference_steps"), ledger.steps())
    input.add(field("guidance", "guidance_scale"), ledger.guidance())
    input.add(field("style", "style"), ledger.style())
    input.add("quality", ledger.wireQuality())
    input.add("output_format", ledger.outputFormat(of: formats))
    input.add("background", ledger.background())
    if isEdit { input.add("input_fidelity", ledger.inputFidelity()) }
    addFiles(job.request.images)
    input.add(settings: model.options, except: ["edit_endpoint"])
  }

  /// Where the job is submitted, below the base URL.
  var endpoint: String { (isEdit ? model.options["edit_endpoint"] : nil) ?? model.wireID }

  /// What of the request could not be honoured.
  var adjusted: [String] { ledger.adjusted }

  func json() -> [UInt8] { input.json() }

  private func field(_ subject: String, _ usual: String) -> String {
    model.options["\(subject)_field"] ?? usual
  }

  /// WebP is made by these families only.
  private var formats: [String] {
    let makesWebP = ["nano-banana", "gpt-image", "flux-2"].contains { model.wireID.contains($0) }
    return makesWebP ? ["png", "jpeg", "webp"] : ["png", "jpeg"]
  }

  private mutating func addSize() {
    if case .ratios = model.sizes {
      input.add("aspect_ratio", ledger.aspectRatio()?.description)
    } else if let size = ledger.size() {
      if model.dialect == .gptImage {
        input.add("image_size", size.description)
      } else {
        input.add("image_size", object: size)
      }
    }
  }

  private mutating func addFiles(_ images: [InputImage]) {
    guard isEdit, let first = images.first else { return }
    // An edit endpoint that takes several pictures takes a list of them.
    let usual = model.capabilities.contains(.multipleInputs) ? "image_urls[]" : "image_url"
    let name = field("image", usual)
    if name.hasSuffix("[]") {
      input.add(String(name.dropLast(2)), list: images.map(\.dataURI))
    } else {
      input.add(name, first.dataURI)
      if images.count > 1 {
        ledger.note("image", "\(model.id) changes one picture; the first was sent")
      }
    }
    let mask = ledger.mask()
    input.add(
      field("mask", model.dialect == .gptImage ? "mask_image_url" : "mask_url"), mask?.dataURI)
  }
}
