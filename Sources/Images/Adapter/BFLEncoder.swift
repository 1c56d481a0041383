internal import OpenAIWire

/// Writes requests to Black Forest Labs (docs.bfl.ai/api-reference). Models differ in their fields:
/// those with a list of shapes take `aspect_ratio`, others width and height; the model's options,
/// such as `safety_tolerance`, `prompt_upsampling` or `raw`, are sent as they are.
struct BFLEncoder {
  /// Pictures that FLUX.2 takes, `input_image` to `input_image_8`.
  private static let inputs = 8

  private let model: ImageModel
  private var ledger: ParameterLedger
  private var body = ParameterFields()

  init(_ job: ImageJob) {
    model = job.model
    ledger = ParameterLedger(job)
    if job.request.operation != .variation { body.add("prompt", ledger.prompt()) }
    if case .ratios = model.sizes {
      body.add("aspect_ratio", ledger.aspectRatio()?.description)
    } else if let size = ledger.size() {
      body.add("width", size.width)
      body.add("height", size.height)
    }
    body.add("seed", ledger.seed())
    body.add("steps", ledger.steps())
    body.add("guidance", ledger.guidance())
    body.add("output_format", ledger.outputFormat(of: ["png", "jpeg"]))
    if job.request.operation != .generate { addFiles(job.request.images) }
    body.add(settings: model.options)
  }

  /// What of the request could not be honoured.
  var adjusted: [String] { ledger.adjusted }

  func json() -> [UInt8] { body.json() }

  private mutating func addFiles(_ images: [InputImage]) {
    // FLUX Fill paints within a mask, and has a field of its own.
    let usual = model.wireID.contains("fill") ? "image" : "input_image"
    let name = model.options["image_field"] ?? usual
    let most = model.capabilities.contains(.multipleInputs) ? Self.inputs : 1
    for (index, image) in images.prefix(most).enumerated() {
      body.add(index == 0 ? name : "\(name)_\(index + 1)", image.base64Text)
    }
    if images.count > most {
      ledger.note("image", "\(model.id) takes \(most); the first were sent")
    }
    body.add("mask", ledger.mask()?.base64Text)
  }
}
