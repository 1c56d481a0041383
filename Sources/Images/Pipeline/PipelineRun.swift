/// What a request has come to: pictures made, models passed over, failures.
struct PipelineRun {
  private let request: ImageRequest
  private var images: [GeneratedImage] = []
  private var model: ImageModel?
  private var cost: Double?
  private var usage: [UInt8]?
  private var adjusted: [String] = []
  private var passedOver: [ImageResult.PassedOver] = []
  private var failures: [ImageFailure] = []
  /// Models in whose place another one is asked, as soon as one is: until then nobody is told.
  private var untold: [(model: ImageModel, reason: String, mayHaveBeenPaid: Bool)]
  /// Models that could still be asked.
  private var left: Int

  init(request: ImageRequest, route: ImageRoute) {
    self.request = request
    left = route.candidates.count
    untold = route.passedOver.map { ($0, "unavailable", false) }
    // Only what would have been asked otherwise is worth a word: not what does not fit.
    for exclusion in route.excluded where exclusion.reason == "unavailable" {
      passedOver.append(
        ImageResult.PassedOver(model: exclusion.model.name, reason: exclusion.reason))
    }
  }

  /// Pictures still to be made.
  var missing: Int { request.count - images.count }

  /// Whether no further model is to be asked.
  var isOver: Bool {
    if missing <= 0 { return true }
    guard let last = failures.last else { return false }
    return isFinal(last) || isRisky
  }

  /// Whether a failure is nobody's to mend but the client's.
  private func isFinal(_ failure: ImageFailure) -> Bool {
    if failure.kind == .refused { return !request.constraints.asksNextAfterRefusal }
    return !failure.isProviders
  }

  /// What may have been paid for is risked a second time, never a third.
  private var isRisky: Bool { failures.filter(\.mayHaveBeenPaid).count > 1 }

  mutating func pass(over model: ImageModel, _ refusal: ModelRefusal) {
    left -= 1
    passedOver.append(ImageResult.PassedOver(model: model.name, reason: "unavailable"))
    untold.append((model, "unavailable", false))
    failures.append(
      ImageFailure(
        .overloaded, "\(model.name): \(refusal.reason)", retryAfter: refusal.wait))
  }

  /// Tells that a model is asked in place of those that were passed over since the last one.
  mutating func tellFallbacks(_ observer: any ImageObserver) {
    for passed in untold {
      observer.fallback(
        from: passed.model, reason: passed.reason, mayHaveBeenPaid: passed.mayHaveBeenPaid)
    }
    untold = []
  }

  mutating func add(_ outcome: ModelTry.Outcome, of model: ImageModel) {
    left -= 1
    if !outcome.images.isEmpty {
      self.model = self.model ?? model
      images += outcome.images
      usage = UsageTotal.sum(usage, outcome.usage)
      for note in outcome.adjusted where !adjusted.contains(note) { adjusted.append(note) }
    }
    // Also of a try whose pictures were made and could not be had.
    if let more = outcome.cost { cost = (cost ?? 0) + more }
    guard let failure = outcome.failure else { return }
    failures.append(failure)
    untold.append((model, failure.kind.rawValue, failure.mayHaveBeenPaid))
    passedOver.append(
      ImageResult.PassedOver(model: model.name, reason: failure.kind.rawValue))
  }

  /// The pictures, be they fewer than asked for: they are paid for.
  /// - Throws: `ImageFailure` where there is none.
  func result() throws(ImageFailure) -> ImageResult {
    guard let model, !images.isEmpty else { throw failure }
    var notes = adjusted
    if missing > 0 {
      notes.append("n: \(images.count) of \(request.count) pictures; \(failure.message)")
    }
    return ImageResult(
      images: images, model: model, cost: cost?.roundedToCentHundredths, usage: usage,
      adjusted: notes, passedOver: passedOver)
  }

  private var failure: ImageFailure {
    guard let last = failures.last else {
      return ImageFailure(.noProvider, "No image provider is configured.")
    }
    // The user's own fault, or departure, is told as it is.
    guard failures.count > 1, last.isProviders else { return last }
    var failure = ImageFailure(
      last.kind, "", retryAfter: failures.compactMap(\.retryAfter).min(),
      mayHaveBeenPaid: failures.contains { $0.mayHaveBeenPaid })
    // Whole, however many there are: each is bounded by the catalog.
    let list = passedOver.prefix(100).map { "\($0.model): \($0.reason)" }.joined(separator: "; ")
    failure.message = "No image provider could draw this (\(list)).\(notAsked)"
    return failure
  }

  /// Why the others were not asked; empty where all were.
  private var notAsked: String {
    guard left > 0 else { return "" }
    let others = left == 1 ? "One more was" : "\(left) more were"
    let reason = isRisky ? "two may have charged for it already" : "the time for it was over"
    return " \(others) not asked, because \(reason)."
  }
}
