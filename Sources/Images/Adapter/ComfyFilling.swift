/// Fills a workflow from a request: what the workflow has no placeholder for cannot be honoured.
struct ComfyFilling {
  private let job: ImageJob
  private let workflow: ComfyWorkflow
  private var ledger: ParameterLedger
  /// By the names of placeholders.
  var values: [String: ComfyWorkflow.Value] = [:]
  /// The seed, where the workflow has one.
  private(set) var seed: Int?

  init(_ job: ImageJob) {
    self.job = job
    workflow = job.model.options["workflow"].map(ComfyWorkflow.init(_:)) ?? .textToImage
    ledger = ParameterLedger(job)
    fillTexts()
    fillSize()
    fillNumbers()
  }

  /// Something for each placeholder, by which a workflow can be tried.
  static let samples: [String: ComfyWorkflow.Value] = {
    let texts = [
      "prompt", "negative_prompt", "checkpoint", "sampler", "scheduler", "image", "mask",
    ]
    let numbers = ["width", "height", "count", "seed", "steps"]
    return Dictionary(
      uniqueKeysWithValues: texts.map { ($0, ComfyWorkflow.Value.text("x")) }
        + numbers.map { ($0, ComfyWorkflow.Value.integer(8)) } + [("guidance", .number(7.5))])
  }()

  /// What of the request could not be honoured.
  var adjusted: [String] { ledger.adjusted }

  /// The workflow to queue; nil where it is no JSON object.
  func graph() -> [UInt8]? { workflow.filled(with: values) }

  private mutating func fillTexts() {
    if workflow.uses("negative_prompt") {
      values["negative_prompt"] = .text(ledger.negativePrompt() ?? "")
    }
    values["prompt"] = .text(ledger.prompt())
    values["checkpoint"] = .text(job.model.wireID)
    values["sampler"] = .text(job.model.options["sampler"] ?? "euler")
    values["scheduler"] = .text(job.model.options["scheduler"] ?? "normal")
  }

  private mutating func fillSize() {
    guard workflow.uses("width") || workflow.uses("height") else { return }
    let size = ledger.size() ?? OwnServer.defaultSize(job.model)
    values["width"] = .integer(size?.width ?? 1024)
    values["height"] = .integer(size?.height ?? 1024)
  }

  private mutating func fillNumbers() {
    let options = job.model.options
    values["count"] = .integer(job.count)
    if workflow.uses("seed") {
      let seed = ledger.seed() ?? Int(UInt32.random(in: 0...UInt32.max))
      self.seed = seed
      values["seed"] = .integer(seed)
    }
    if workflow.uses("steps") {
      values["steps"] = .integer(ledger.steps() ?? options["steps"].flatMap { Int($0) } ?? 20)
    }
    if workflow.uses("guidance") {
      values["guidance"] = .number(
        ledger.guidance() ?? options["guidance"].flatMap { Double($0) } ?? 7)
    }
  }

  /// The pictures to upload, by the placeholders for their names.
  /// - Throws: `ImageFailure` where the workflow cannot do what is asked.
  mutating func files() throws(ImageFailure) -> [(String, InputImage)] {
    let takesImage = workflow.uses("image")
    guard takesImage == (job.request.operation != .generate) else {
      throw ImageFailure(
        .badRequest,
        "The workflow of \(job.model.name) \(takesImage ? "needs a picture" : "takes no picture").")
    }
    guard takesImage, let image = job.request.images.first else { return [] }
    if job.request.images.count > 1 {
      ledger.note("image", "the first of \(job.request.images.count)")
    }
    guard workflow.uses("mask") else { return [("image", image)] }
    guard let mask = ledger.mask() else {
      throw ImageFailure(.badRequest, "The workflow of \(job.model.name) needs a mask.")
    }
    return [("image", image), ("mask", mask)]
  }
}
