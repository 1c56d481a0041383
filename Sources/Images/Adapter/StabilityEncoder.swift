internal import HTTP

/// Writes requests for Stability's v2beta image services
/// (platform.stability.ai/docs/api-reference#tag/Generate, #tag/Edit).
struct StabilityEncoder {
  /// Which of the services is asked.
  enum Service: Equatable {
    case core, ultra
    /// Stable Diffusion 3 and 3.5, told apart by the field `model`.
    case sd3
    /// Fills the part of a picture that a mask names.
    case inpaint

    var path: String {
      switch self {
      case .core: "v2beta/stable-image/generate/core"
      case .ultra: "v2beta/stable-image/generate/ultra"
      case .sd3: "v2beta/stable-image/generate/sd3"
      case .inpaint: "v2beta/stable-image/edit/inpaint"
      }
    }
  }

  let service: Service
  let form: MultipartForm
  /// What of the request could not be honoured.
  let adjusted: [String]

  /// The shapes that all generating services know.
  private static let ratios = [
    "16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21",
  ].compactMap { AspectRatio($0) }

  /// The largest seed; one less than 32 bits hold.
  private static let largestSeed = 4_294_967_294

  /// Nil for what no service of the model does, such as a change by Core without a mask.
  init?(_ job: ImageJob) {
    var job = job
    if case .ratios = job.model.sizes {} else { job.model.sizes = .ratios(Self.ratios) }
    guard let service = Self.service(job) else { return nil }
    self.service = service
    var ledger = ParameterLedger(job)
    var form = MultipartForm()
    let negative = ledger.negativePrompt()
    form.append("prompt", ledger.prompt())
    if let negative { form.append("negative_prompt", negative) }
    if service == .sd3 { form.append("model", job.model.wireID) }
    if job.request.operation == .edit {
      Self.addImage(job, service, &ledger, to: &form)
    } else {
      if service == .sd3 { form.append("mode", "text-to-image") }
      if let ratio = ledger.aspectRatio() { form.append("aspect_ratio", ratio.description) }
    }
    Self.addSettings(job.model, service, &ledger, to: &form)
    self.form = form
    adjusted = ledger.adjusted
  }

  private static func service(_ job: ImageJob) -> Service? {
    let model: Service
    switch job.model.wireID {
    case "core", "stable-image-core": model = .core
    case "ultra", "stable-image-ultra": model = .ultra
    default: model = .sd3
    }
    switch job.request.operation {
    case .generate: return model
    case .variation: return nil
    case .edit where job.request.images.isEmpty: return nil
    case .edit where job.request.mask != nil && job.model.capabilities.contains(.mask):
      return .inpaint
    // Core draws from words alone.
    case .edit: return model == .core ? nil : model
    }
  }

  private static func addImage(
    _ job: ImageJob, _ service: Service, _ ledger: inout ParameterLedger,
    to form: inout MultipartForm
  ) {
    if let image = job.request.images.first { append("image", image, to: &form) }
    if job.request.images.count > 1 { ledger.note("image", "\(job.model.id) takes one picture") }
    if service == .inpaint {
      if let mask = ledger.mask() { append("mask", mask, to: &form) }
      return
    }
    if service == .sd3 { form.append("mode", "image-to-image") }
    // How far from the picture: 0 gives it back, 1 does not look at it.
    form.append("strength", job.model.options["strength"] ?? "0.7")
  }

  private static func addSettings(
    _ model: ImageModel, _ service: Service, _ ledger: inout ParameterLedger,
    to form: inout MultipartForm
  ) {
    if let seed = ledger.seed() {
      if seed == 0 { ledger.note("seed", "0 means a seed of \(model.provider)'s choice") }
      if seed > largestSeed { ledger.note("seed", "\(largestSeed) in place of \(seed)") }
      form.append("seed", String(min(seed, largestSeed)))
    }
    if service == .sd3, let guidance = ledger.guidance() {
      let scale = min(max(guidance, 1), 10)
      if scale != guidance { ledger.note("guidance", "\(scale) in place of \(guidance)") }
      form.append("cfg_scale", String(scale))
    }
    if let style = ledger.style() ?? model.options["style_preset"] {
      form.append("style_preset", style)
    }
    let formats = service == .sd3 ? ["png", "jpeg"] : ["png", "jpeg", "webp"]
    if let format = ledger.outputFormat(of: formats) { form.append("output_format", format) }
  }

  private static func append(_ name: String, _ image: InputImage, to form: inout MultipartForm) {
    form.append(
      name, file: image.bytes, name: "\(name).\(image.format.rawValue)",
      contentType: image.format.contentType)
  }
}
