/// Hands a request's parameters to an adapter, and keeps the books: what a model cannot honour, or
/// an adapter does not ask for, is named in the answer (`easel.adjusted`), never dropped in silence.
struct ParameterLedger {
  let request: ImageRequest
  let model: ImageModel
  private var taken: Set<String> = []
  private var notes: [String] = []

  init(_ job: ImageJob) {
    request = job.request
    model = job.model
  }

  /// Names something that is done otherwise than asked.
  mutating func note(_ field: String, _ text: String) { notes.append("\(field): \(text)") }

  /// What could not be honoured, in words; complete once every parameter was asked for.
  var adjusted: [String] {
    let given: [(String, Bool)] = [
      ("size", request.size != nil), ("quality", isQualityOpen), ("style", request.style != nil),
      ("negative_prompt", request.negativePrompt != nil), ("seed", request.seed != nil),
      ("steps", request.steps != nil), ("guidance", request.guidance != nil),
      ("background", request.background.map { $0 != "auto" && $0 != "opaque" } ?? false),
      ("output_format", request.outputFormat != nil),
      ("output_compression", request.outputCompression != nil),
      ("moderation", request.moderation.map { $0 != "auto" } ?? false),
      ("input_fidelity", request.inputFidelity != nil), ("mask", request.mask != nil),
      ("user", request.user != nil),
    ]
    let open = given.filter { $0.1 && !taken.contains($0.0) }
    return notes + open.map { "\($0.0): \(model.id) has no such parameter" }
  }

  /// A tier's word has been honoured by the choice of the model.
  private var isQualityOpen: Bool {
    guard let quality = request.quality, quality != "auto" else { return false }
    return QualityTier(word: quality) != model.tier
  }

  private mutating func take<T>(
    _ field: String, _ value: T?, _ capability: ImageCapability? = nil
  ) -> T? {
    if let capability, !model.capabilities.contains(capability) { return nil }
    taken.insert(field)
    return value
  }

  // MARK: Words

  /// The prompt, with what must not be seen said in words where the model has no field for it.
  mutating func prompt() -> String {
    guard let negative = request.negativePrompt, !taken.contains("negative_prompt") else {
      return request.prompt
    }
    taken.insert("negative_prompt")
    note("negative_prompt", "put into the prompt")
    return request.prompt(avoiding: negative)
  }

  /// Asked for before `prompt()`, by adapters that have a field for it.
  mutating func negativePrompt() -> String? {
    take("negative_prompt", request.negativePrompt, .negativePrompt)
  }

  /// The style, where the model knows it.
  mutating func style() -> String? {
    guard let style = request.style, model.styles.contains(style) else {
      if let style = request.style, !model.styles.isEmpty {
        taken.insert("style")
        note("style", "\(model.id) knows \(model.styles.joined(separator: ", ")), not \(style)")
      }
      return nil
    }
    return take("style", style)
  }

  /// The client's word for quality; nil where the model has no such parameter.
  mutating func quality() -> String? { take("quality", request.quality, .quality) }

  /// The provider's word for quality; nil where the client has none or the model has no such
  /// parameter.
  mutating func wireQuality() -> String? {
    guard let word = quality(), let wire = model.wireQuality(word) else { return nil }
    if !QualityWord(word).isHonoured(by: wire) { note("quality", "\(wire) in place of \(word)") }
    return wire
  }

  // MARK: Size

  /// The nearest size that the model makes; nil where none is asked for.
  mutating func size() -> ImageSize? {
    guard let wanted = take("size", request.size) else { return nil }
    let size = model.sizes.nearest(to: wanted) ?? wanted
    if size != wanted { note("size", "\(size) in place of \(wanted)") }
    return size
  }

  /// The nearest shape that the model makes; nil where no size is asked for. Of a model that is
  /// listed with pixels, the nearest of the usual shapes to the size that it would make.
  mutating func aspectRatio() -> AspectRatio? {
    guard let wanted = request.size else { return nil }
    let nearest: AspectRatio?
    switch model.sizes {
    case .ratios(let ratios): nearest = .nearest(to: wanted, of: ratios)
    case .listed(let sizes):
      nearest = .nearest(to: wanted.nearest(of: sizes) ?? wanted, of: AspectRatio.usual)
    case .free: nearest = .nearest(to: wanted, of: AspectRatio.usual)
    }
    // What is not taken is noted as not honoured.
    guard let ratio = nearest else { return nil }
    _ = take("size", wanted)
    note(
      "size",
      ratio.isShape(of: wanted)
        ? "given as aspect ratio \(ratio)" : "aspect ratio \(ratio) in place of \(wanted)")
    return ratio
  }

  // MARK: Numbers and the rest

  /// The seed; one that the provider does not take is brought into its range.
  mutating func seed(in range: ClosedRange<Int>? = nil) -> Int? {
    guard let seed = take("seed", request.seed, .seed) else { return nil }
    guard let range, !range.contains(seed) else { return seed }
    let held = range.lowerBound + seed % range.count
    note("seed", "\(held) in place of \(seed)")
    return held
  }

  /// The steps, as many of them as the model takes, or else its provider.
  mutating func steps(in range: ClosedRange<Int>? = nil) -> Int? {
    guard let steps = take("steps", request.steps, .steps) else { return nil }
    guard let range = model.steps ?? range else { return steps }
    let held = steps.held(to: range)
    if held != steps { note("steps", "\(held) in place of \(steps)") }
    return held
  }

  mutating func guidance() -> Double? { take("guidance", request.guidance, .guidance) }
  mutating func background() -> String? {
    take("background", request.background, .transparentBackground)
  }
  mutating func outputCompression() -> Int? {
    take("output_compression", request.outputCompression, .outputCompression)
  }
  mutating func moderation() -> String? { take("moderation", request.moderation, .moderation) }
  mutating func inputFidelity() -> String? {
    take("input_fidelity", request.inputFidelity, .inputFidelity)
  }
  mutating func user() -> String? { take("user", request.user) }
  mutating func mask() -> InputImage? { take("mask", request.mask, .mask) }

  /// The format, where it is among those that the provider makes.
  mutating func outputFormat(of known: [String] = ["png", "jpeg", "webp"]) -> String? {
    guard let format = take("output_format", request.outputFormat, .outputFormat) else {
      return nil
    }
    if known.contains(format) { return format }
    note("output_format", "\(model.id) makes \(known.joined(separator: ", ")), not \(format)")
    return nil
  }
}

extension ImageRequest {
  /// The prompt that says what must not be seen too.
  func prompt(avoiding negative: String) -> String { "\(prompt)\nAvoid: \(negative)" }

  /// The prompt as a model is sent it.
  func prompt(for model: ImageModel) -> String {
    guard let negativePrompt, !model.capabilities.contains(.negativePrompt) else { return prompt }
    return prompt(avoiding: negativePrompt)
  }
}

extension Int {
  /// The nearest of a range.
  func held(to range: ClosedRange<Int>) -> Int {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}
