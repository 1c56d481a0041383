internal import OpenAIWire

/// What a request has come to: pictures made, models passed over, failures.
struct PipelineRun {
  private let request: ImageRequest
  private var images: [GeneratedImage] = []
  private var model: ImageModel?
  private var cost: Double?
  /// Whether nothing was made whose price is not known.
  private var isCostKnown = true
  private var usage: [UInt8]?
  private var adjusted: [String] = []
  private var passedOver: [ImageResult.PassedOver] = []
  private var failures: [ImageFailure] = []
  /// Providers that have failed and may have charged nevertheless, each as often as it did.
  private var risked: [String] = []
  /// The numbers of the pictures that were made before.
  private let begun: [Int]
  /// Models in whose place another one is asked, as soon as one is: until then nobody is told.
  private var untold: [(model: ImageModel, reason: String, mayHaveBeenPaid: Bool)] = []
  /// Models that could still be asked.
  private var left: Int
  private let ranked: [ImageModel]
  /// Why models could not be asked, in words, by their names.
  private var details: [String: String] = [:]

  /// Where the refusals of models are among the failures.
  private var refusals: [String: Int] = [:]

  /// Whether a call was not made, or was cancelled, since nobody waited for it.
  private var isLeft = false
  /// Whether more would have been made, had somebody waited for it.
  private var isCut = false
  /// Whether a repetition has to know of it, though there is no picture.
  private var isBegun = false

  /// - Parameter begun: the run that this one goes on with.
  init(request: ImageRequest, route: ImageRoute, after begun: ImageResult? = nil) {
    self.request = request
    left = route.candidates.count
    ranked = route.ranked
    self.begun = begun?.images.map(\.number) ?? []
    passedOver = begun?.passedOver ?? []
    risked = begun?.risked ?? []
    if let last = passedOver.last, last.hasFailed,
      let model = ranked.first(where: { $0.name == last.model })
    {
      untold = [(model, last.reason, risked.contains(model.provider))]
    }
    // Only what would have been asked otherwise is worth a word: not what does not fit.
    for exclusion in route.excluded where exclusion.isUnavailable {
      details[exclusion.model.name] = exclusion.detail
    }
  }

  /// The numbers of the pictures that are still to be made.
  var missing: [Int] {
    let made = Set(begun + images.map(\.number))
    return (0..<request.count).filter { !made.contains($0) }
  }

  /// Whether no further model is to be asked.
  var isOver: Bool {
    if missing.isEmpty { return true }
    guard let last = failures.last else { return false }
    return isFinal(last) || isRisky
  }

  /// Whether a failure is nobody's to mend but the client's.
  private func isFinal(_ failure: ImageFailure) -> Bool {
    if failure.kind == .refused { return !request.constraints.asksNextAfterRefusal }
    return !failure.isProviders
  }

  /// What may have been paid for is risked a second time, never a third.
  private var isRisky: Bool { risked.count > 1 }

  mutating func pass(over model: ImageModel, _ refusal: ModelRefusal) {
    left -= 1
    details[model.name] = refusal.reason
    passOverThose(before: model)
    pass(over: model)
    refusals[model.name] = failures.count
    failures.append(
      ImageFailure(
        .overloaded, "\(model.name): \(refusal.reason)", retryAfter: refusal.wait))
  }

  private mutating func pass(over model: ImageModel) {
    let passed = ImageResult.PassedOver.unavailable(model)
    passedOver.append(passed)
    untold.append((model, passed.reason, false))
  }

  /// Passes over those of better standing that are unavailable. That a worse one is unavailable too
  /// changes nothing.
  private mutating func passOverThose(before model: ImageModel) {
    for better in ranked.prefix(while: { $0.name != model.name }) where isUnnamed(better) {
      pass(over: better)
    }
  }

  /// A model is asked: tells that it is in place of those that were passed over since the last one. It
  /// may be one of them, which is asked in the end.
  mutating func begin(_ model: ImageModel, _ observer: any ImageObserver) {
    if let refusal = refusals[model.name] {
      takeBack(model, refusal)
    } else if details[model.name] != nil {
      takeBack(model)
    }
    passOverThose(before: model)
    for passed in untold {
      observer.fallback(
        from: passed.model, reason: passed.reason, mayHaveBeenPaid: passed.mayHaveBeenPaid)
    }
    untold = []
  }

  /// Asks a model after all that was passed over, and with it those of worse standing: that they could
  /// not be asked either changes nothing.
  private mutating func takeBack(_ model: ImageModel, _ refusal: Int) {
    left += 1
    failures.remove(at: refusal)
    let better = ranked.prefix { $0.name != model.name }.map(\.name)
    let others = refusals.keys.filter { !better.contains($0) }
    passedOver.removeAll { others.contains($0.model) }
    untold.removeAll { others.contains($0.model.name) }
    refusals = [:]
    details[model.name] = nil
  }

  /// Asks a model after all that was left out since it rests.
  private mutating func takeBack(_ model: ImageModel) {
    left += 1
    passedOver.removeAll { $0.model == model.name }
    untold.removeAll { $0.model.name == model.name }
    details[model.name] = nil
  }

  /// Notes that a model which has made a part will be asked for the rest.
  mutating func ask(again model: ImageModel) { left += 1 }

  /// Whether any model was asked.
  var hasAsked: Bool { model != nil }

  /// Whether a model is unavailable, and not among those passed over.
  private func isUnnamed(_ model: ImageModel) -> Bool {
    details[model.name] != nil && !passedOver.contains { $0.model == model.name }
  }

  mutating func add(_ outcome: ModelTry.Outcome, of model: ImageModel) {
    left -= 1
    if images.isEmpty { self.model = model }
    if !outcome.images.isEmpty {
      images += outcome.images
      usage = UsageTotal.sum(usage, outcome.usage)
      for note in outcome.adjusted where !adjusted.contains(note) { adjusted.append(note) }
    }
    // Also of a try whose pictures were made and could not be had.
    if let more = outcome.cost { cost = (cost ?? 0) + more }
    isCostKnown = isCostKnown && outcome.isCostKnown
    isLeft = isLeft || outcome.isLeft
    guard let failure = outcome.failure else { return }
    failures.append(failure)
    // Nothing of a model's: nobody is asked in its place.
    guard failure.kind != .cancelled else { return }
    if failure.mayHaveBeenPaid { risked.append(model.provider) }
    untold.append((model, failure.kind.rawValue, failure.mayHaveBeenPaid))
    passedOver.append(
      ImageResult.PassedOver(model: model.name, reason: failure.kind.rawValue))
  }

  /// Notes that nobody waits any more, after the last model was asked.
  /// - Parameters:
  ///   - hasOthers: whether there are models that were not asked.
  ///   - isKept: whether a repetition can go on with what there is, be it no picture at all.
  mutating func leave(hasOthers: Bool, isKept: Bool) {
    guard !missing.isEmpty, !isRisky else { return }
    if let last = failures.last, last.kind != .cancelled, isFinal(last) { return }
    isCut = isLeft || failures.isEmpty || hasOthers
    // Where none may have charged, a repetition begins anew.
    isBegun = isCut && isKept && failures.contains { $0.kind != .cancelled && $0.mayHaveBeenPaid }
  }

  /// What came of asking the last one.
  var lastFailure: ImageFailure? { failures.last }

  /// The pictures, be they fewer than asked for: they are paid for.
  /// - Throws: `ImageFailure` where there is none, unless a repetition goes on.
  func result() throws(ImageFailure) -> ImageResult {
    guard let model, !images.isEmpty || isBegun else { throw failure }
    var notes = adjusted + request.unknownFields.map { "\($0): unknown, and not sent" }
    let missing = missing.count
    if missing > 0, !isCut {
      // A model may have made fewer than it was asked for, and nobody failed.
      let reason = failures.isEmpty ? "" : "; \(failure.message)"
      notes.append("n: \(request.count - missing) of \(request.count) pictures\(reason)")
    }
    let total = images.isEmpty ? cost ?? 0 : cost
    return ImageResult(
      images: images.sorted { $0.number < $1.number }, model: model,
      cost: isCostKnown ? total?.withoutNoise : nil, usage: usage,
      adjusted: notes, passedOver: passedOver, missing: isCut ? missing : 0,
      risked: isCut ? risked : [])
  }

  private var failure: ImageFailure {
    // No answer for those who ask again: another model has not been asked.
    if isCut {
      return ImageFailure(
        .cancelled, "the request was cancelled",
        mayHaveBeenPaid: failures.contains { $0.mayHaveBeenPaid })
    }
    guard let last = failures.last else {
      return ImageFailure(.noProvider, "No image provider is configured.")
    }
    let everyone = everyone
    // The user's own fault, or departure, is told as it is.
    guard everyone.count > 1, last.isProviders else {
      var last = last
      last.passedOver = fellBack
      last.mayHaveBeenPaid = last.mayHaveBeenPaid || !risked.isEmpty
      return last
    }
    var failure = ImageFailure(
      last.kind, "", retryAfter: failures.compactMap(\.retryAfter).min(),
      mayHaveBeenPaid: !risked.isEmpty || failures.contains { $0.mayHaveBeenPaid })
    // Whole, however many there are: each is bounded by the catalog.
    let list = everyone.prefix(100).joined(separator: "; ")
    failure.message = "No image provider could draw this (\(list)).\(notAsked)"
    failure.passedOver = fellBack
    return failure
  }

  /// Who was passed over, where another one was asked in its place: not where the first one asked is
  /// the last one too.
  private var fellBack: [ImageResult.PassedOver] { passedOver.count > 1 ? passedOver : [] }

  /// Who has not drawn, and why: also those of the worst standing, which nobody got to.
  private var everyone: [String] {
    passedOver.map { "\($0.model): \(details[$0.model] ?? $0.reason)" }
      + ranked.filter(isUnnamed).map { "\($0.name): \(details[$0.name] ?? "")" }
  }

  /// Why the others were not asked; empty where all were.
  private var notAsked: String {
    guard left > 0 else { return "" }
    let others = left == 1 ? "One more was" : "\(left) more were"
    let reason = isRisky ? "two may have charged for it already" : "the time for it was over"
    return " \(others) not asked, because \(reason)."
  }
}
