internal import OpenAIWire

/// Writes generations of Leonardo.Ai (docs.leonardo.ai/reference/creategeneration). The model's
/// options, such as `contrast`, `alchemy` or `enhancePrompt`, are sent as they are; `style.NAME` is
/// the `styleUUID` that a style of the model stands for, without which it is a `presetStyle`.
struct LeonardoEncoder {
  /// The seeds that all models take.
  private static let seeds = 0...2_147_483_637

  private let model: ImageModel
  private var ledger: ParameterLedger
  private var body = ParameterFields()

  init(_ job: ImageJob) {
    model = job.model
    ledger = ParameterLedger(job)
    let negative = ledger.negativePrompt()
    body.add("modelId", model.wireID)
    body.add("prompt", ledger.prompt())
    body.add("negative_prompt", negative)
    if let size = ledger.size() {
      body.add("width", size.width)
      body.add("height", size.height)
    }
    body.add("num_images", job.count)
    addNumbers()
    addStyle()
    addQuality()
    if ledger.background() == "transparent" { body.add("transparency", "foreground_only") }
    let styles = model.options.keys.filter { $0.hasPrefix("style.") }
    body.add(settings: model.options, except: Set(styles))
    // What is made must not show in the public feed.
    if !body.contains("public") { body.add("public", false) }
  }

  /// What of the request could not be honoured.
  var adjusted: [String] { ledger.adjusted }

  func json() -> [UInt8] { body.json() }

  private mutating func addNumbers() {
    body.add("seed", ledger.seed(in: Self.seeds))
    body.add("num_inference_steps", ledger.steps(in: 10...60))
    if let guidance = ledger.guidance() {
      let held = Int(min(max(guidance.rounded(), 1), 20))
      if Double(held) != guidance { ledger.note("guidance", "\(held) in place of \(guidance)") }
      body.add("guidance_scale", held)
    }
  }

  private mutating func addStyle() {
    guard let style = ledger.style() else { return }
    if let id = model.options["style.\(style)"] {
      body.add("styleUUID", id)
    } else {
      body.add("presetStyle", style.uppercased())
    }
  }

  /// Effort is a pipeline here: none, Alchemy, or Ultra, which does not go with Alchemy
  /// (docs.leonardo.ai/docs/generate-images-using-leonardo-phoenix-model).
  private mutating func addQuality() {
    switch ledger.quality() {
    case "ultra":
      body.add("alchemy", false)
      body.add("ultra", true)
    case "high", "hd": body.add("alchemy", true)
    case "standard", "medium", "low", "fast": body.add("alchemy", false)
    case let word?:
      if word != "auto" { ledger.note("quality", "\(model.id) does not know \(word)") }
    case nil: break
    }
  }
}
