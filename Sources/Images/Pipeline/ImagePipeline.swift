package import EventLoop
package import HTTP
internal import Observability
internal import OpenAIWire
internal import Resilience
internal import Synchronization

/// From a request to pictures: chooses a model, asks it, and asks the next one where that fails.
package final class ImagePipeline: Sendable {
  /// All that it knows.
  package let catalog: ImageCatalog
  private let router: ImageRouter
  private let health: any ModelHealth
  private let observer: any ImageObserver
  private let limits: Limits
  private let gate: ConcurrencyLimit
  private let memory: ConcurrencyLimit
  /// Requests that wait for memory alone.
  private let rereading = Atomic(0)
  /// Whether any model could be asked, now or later.
  package let hasProviders: Bool
  /// Whether any model that could be asked changes pictures.
  package let canEdit: Bool

  /// Bounds of the pipeline.
  package struct Limits: Sendable {
    /// Bytes of one picture.
    package var image = 32 << 20
    /// Pixels of one picture.
    package var pixels = 40_000_000
    /// Requests that are drawn at one time, by all loops together; the others wait.
    package var concurrency = 16
    /// Bytes that pictures may take, by all requests together that are drawn or answered; each is
    /// reckoned with the largest pictures that it may bring.
    package var memory = 2 << 30
    /// Requests that may wait.
    package var queue = 256
    /// For everything, fallbacks included.
    package var total = Duration.seconds(600)
    /// Whether, where every model that fits is kept from being asked by its breaker, the one that is
    /// nearest to its trial is asked all the same.
    package var asksLastResort = true

    /// The defaults that each property names.
    package init() {}
  }

  /// A pipeline over a catalog.
  package init(
    _ catalog: ImageCatalog, health: any ModelHealth = AlwaysHealthy(),
    observer: any ImageObserver = NoImageObserver(), limits: Limits = Limits()
  ) {
    self.catalog = catalog
    self.health = health
    self.observer = observer
    self.limits = limits
    router = ImageRouter(catalog, health: health)
    gate = ConcurrencyLimit(capacity: limits.concurrency, queue: limits.queue)
    // In MiB, so that a number of them is a number of units.
    memory = ConcurrencyLimit(capacity: max(1, limits.memory >> 20), queue: limits.queue)
    let usable = catalog.providers.filter(\.isUsable)
    hasProviders = !usable.isEmpty
    canEdit = usable.contains { $0.models.contains { $0.capabilities.contains(.edit) } }
  }

  /// Requests that are being drawn or answered, and that wait for their turn; and the memory, in
  /// bytes, that is reckoned for the former.
  package var load: (drawing: Int, waiting: Int, reserved: Int) {
    let (places, room) = (gate.load, memory.load)
    let drawing = places.used - room.waiting + rereading.load(ordering: .relaxed)
    return (max(0, drawing), places.waiting + room.waiting, room.used << 20)
  }

  /// Whether any model that could be asked, now or later, draws pictures, or changes them.
  /// - Parameter profile: which they are to be drawn by; nil for none.
  package func canServe(_ profile: ImageProfile?, _ operation: ImageRequest.Operation) -> Bool {
    guard let profile else { return operation == .edit ? canEdit : hasProviders }
    var request = profile.plainRequest
    request.operation = operation
    return router.canServe(request)
  }

  /// Who would draw a request.
  /// - Throws: `ImageFailure` for a model that does not exist.
  package func route(_ request: ImageRequest) throws(ImageFailure) -> ImageRoute {
    try router.route(request)
  }

  /// Who would draw a request now: where nobody else is left, the one that is asked all the same,
  /// which is among the excluded then, too.
  /// - Throws: `ImageFailure` for a model that does not exist.
  package func forecast(_ request: ImageRequest) throws(ImageFailure) -> ImageRoute {
    var route = try route(request)
    let excluded = route.excluded
    _ = route.takeLastResort(inDoubt: limits.asksLastResort)
    route.excluded = excluded
    return route
  }

  /// Draws. Called on `client`'s loop. When the task is cancelled, what is not accepted by a
  /// provider yet is given up, jobs are cancelled at their providers, and no other one is asked.
  /// - Parameters:
  ///   - finishesPaidCalls: whether a call goes on when the client leaves, where it is paid for and
  ///     cannot be cancelled, or no longer: the client's repetition gets what it made. Where a
  ///     provider may have charged for nothing, the result may be of no pictures then.
  ///   - begun: what the same request has come to before its client left, for its repetition to go on
  ///     with: what is missing is made; nobody who failed is asked again, and no third provider risked.
  ///   - partial: told of unfinished pictures, where the model shows them.
  /// - Throws: `ImageFailure`.
  package func generate(
    _ request: ImageRequest, client: HTTPClient, finishesPaidCalls: Bool = false,
    after begun: ImageResult? = nil, partial: ((PartialImage) async -> Void)? = nil
  ) async throws(ImageFailure) -> ImageResult {
    var route = try route(request)
    if let begun { route.goOn(after: begun) }
    let usual = route
    let isLastResort = route.takeLastResort(inDoubt: limits.asksLastResort)
    guard !route.candidates.isEmpty else { throw Self.nobody(route) }
    let place = try await takePlace(request, client.loop)
    var run = PipelineRun(request: request, route: route, after: begun)
    var keys = JobKeys()
    let end = client.loop.now + limits.total.milliseconds
    var queue = ModelQueue(
      route, isLastResort: isLastResort, asksLastResort: limits.asksLastResort)
    // Who was asked in doubt by this request, and for which pictures.
    var probed: (model: String, numbers: [Int]) = ("", [])
    while let model = queue.next() {
      guard let provider = catalog.provider(of: model) else { continue }
      let adapter = AdapterDirectory.adapter(for: provider.format)
      let call: any ModelCall
      switch await health.begin(model, queue.turn) {
      case .begun(let begun):
        call = begun
        run.begin(model, observer)
        if call.isProbe, queue.turn == .lastResort { queue.noteDoubt() }
      case .refused where queue.turn != .usual || model.name == probed.model: continue
      case .refused(let refusal):
        // Another request has found out meanwhile, or makes the trial.
        run.pass(over: model, refusal)
        queue.pass(model, refusal)
        continue
      }
      var link = ProviderLink(provider: provider, client: client, imageLimit: limits.image)
      link.deadline = min(link.deadline, end)
      link.finishesPaidCalls = finishesPaidCalls
      let attempt = ModelTry(
        request: request, model: model, adapter: adapter, link: link, limits: limits,
        keys: keys.next(), partial: partial)
      let started = EventLoop.nanoseconds
      let asked = model.name == probed.model ? probed.numbers : []
      let left = run.missing.filter { !asked.contains($0) }
      let numbers = call.isProbe ? attempt.first(of: left) : left
      let outcome = await attempt.run(numbers)
      let duration = Duration.nanoseconds(EventLoop.nanoseconds - started)
      // Many pictures, one after the other, take long, and the model is not slow for it.
      call.end(outcome.failure, after: outcome.failure == nil ? outcome.longestCall : duration)
      observer.attempt(
        model,
        ImageAttemptReport(
          pictures: outcome.images.count, cost: outcome.cost, failure: outcome.failure?.kind,
          duration: duration))
      run.add(outcome, of: model)
      if call.isProbe, outcome.failure == nil, numbers.count < left.count {
        probed = (model.name, asked + numbers)
        run.ask(again: model)
        queue.ask(again: model)
      }
      if outcome.failure?.mayHaveBeenPaid == true {
        queue.putLast(model.provider)
      }
      if run.isOver || Task.isCancelled || client.loop.now >= end { break }
    }
    guard !isLastResort || run.hasAsked else { throw Self.nobody(usual) }
    if Task.isCancelled { run.leave(hasOthers: !queue.models.isEmpty, isKept: finishesPaidCalls) }
    do throws(ImageFailure) {
      var result = try run.result()
      result.place = place
      return result
    } catch {
      // A last resort that fails is no news; why nobody else was asked is.
      throw isLastResort && error.isProviders
        ? Self.nobody(usual, and: run.lastFailure ?? error) : error
    }
  }

  /// How many times its size a picture is in memory at most: as it came, as it is, and as it is
  /// answered.
  private static let copies = 3

  /// Waits until there is room for pictures that were made before, to be answered once more.
  /// - Throws: `ImageFailure`, where too many wait, or nobody waits for this one any more.
  package func room(for count: Int, on loop: EventLoop) async throws(ImageFailure) -> DrawingPlace {
    let units = units(for: count)
    rereading.add(1, ordering: .relaxed)
    defer { rereading.subtract(1, ordering: .relaxed) }
    try await enter(memory, units, loop)
    return DrawingPlace { [memory] in memory.leave(units: units) }
  }

  /// Of the memory that is reckoned for pictures.
  private func units(for count: Int) -> Int { max(1, (count * limits.image * Self.copies) >> 20) }

  /// Waits until the request's turn has come, and there is room for its pictures.
  private func takePlace(
    _ request: ImageRequest, _ loop: EventLoop
  ) async throws(ImageFailure) -> DrawingPlace {
    let units = units(for: request.count)
    try await enter(gate, 1, loop)
    do throws(ImageFailure) { try await enter(memory, units, loop) } catch {
      gate.leave()
      throw error
    }
    return DrawingPlace { [gate, memory] in
      memory.leave(units: units)
      gate.leave()
    }
  }

  private func enter(
    _ limit: ConcurrencyLimit, _ units: Int, _ loop: EventLoop
  ) async throws(ImageFailure) {
    do throws(ConcurrencyLimit.Refusal) { try await limit.enter(units: units, on: loop) } catch {
      switch error {
      case .cancelled: throw ImageFailure(.cancelled, "the request was cancelled")
      case .queueFull, .timedOut:
        throw ImageFailure(
          .overloaded, "Too many pictures are being drawn. Try again soon.",
          retryAfter: .seconds(5))
      }
    }
  }

  /// Why no model of a route can be asked.
  /// - Parameter last: what came of asking one nevertheless.
  package static func nobody(
    _ route: ImageRoute, and last: ImageFailure? = nil
  ) -> ImageFailure {
    guard !route.excluded.isEmpty else {
      return ImageFailure(.noProvider, "No image provider is configured.")
    }
    let waits = route.excluded.compactMap(\.retryAfter)
    let isTemporary = route.excluded.contains(where: \.isUnavailable)
    let tried = last.map { " Tried nevertheless: \($0.message)" } ?? ""
    var failure = ImageFailure(
      isTemporary ? .overloaded : .noProvider, "", retryAfter: waits.min(),
      mayHaveBeenPaid: last?.mayHaveBeenPaid ?? false)
    // Whole: the list has an end, and what came of the last one stands behind it.
    let list = route.reasons.joined(separator: "; ")
    failure.message = "No image model can draw this now (\(list)).\(tried)"
    return failure
  }
}
