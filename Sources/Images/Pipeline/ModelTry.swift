internal import EventLoop
internal import HTTP

/// One model asked for some pictures, by as many calls as it takes. Loop-bound.
struct ModelTry {
  let request: ImageRequest
  let model: ImageModel
  let adapter: any ImageAdapter
  let link: ProviderLink
  let limits: ImagePipeline.Limits
  /// Tell its calls apart from those of every other try.
  let keys: JobKeys.Try
  let partial: ((PartialImage) async -> Void)?

  /// What was made before a failure, and the failure.
  struct Outcome: Sendable {
    var images: [GeneratedImage] = []
    /// US dollars, not rounded; for pictures that were made and could not be had, too.
    var cost: Double?
    var usage: [UInt8]?
    var adjusted: [String] = []
    var failure: ImageFailure?
    /// How long the longest of the calls took.
    var longestCall = Duration.zero
    /// Whether a call was not made, or was cancelled, since nobody waited for it any more.
    var isLeft = false

    /// Whether all that was made has a price: with a part that has none, a sum would say too little.
    var isCostKnown: Bool { images.isEmpty || cost != nil }
  }

  /// Calls that run side by side for a model that makes few pictures a call.
  private static let parallel = 4

  /// Asks for the pictures of some numbers. Calls run side by side; one that fails lets those that run
  /// finish, since they are paid for, and starts no more.
  func run(_ numbers: [Int]) async -> Outcome {
    let shares = shares(of: numbers)
    if shares.count == 1 { return await call(shares[0], number: 0) }
    let bound = LoopBound(self, on: link.client.loop)
    return await withTaskGroup(of: Outcome.self) { group in
      var total = Outcome()
      var next = 0
      func start() {
        let number = next
        next += 1
        group.addTask { await bound.value.call(shares[number], number: number) }
      }
      while next < min(Self.parallel, shares.count) { start() }
      while let outcome = await group.next() {
        total.add(outcome)
        guard total.failure == nil, next < shares.count else { continue }
        if Task.isCancelled { total.isLeft = true } else { start() }
      }
      return total
    }
  }

  /// Of the pictures of some numbers those that the first call makes.
  func first(of numbers: [Int]) -> [Int] { shares(of: numbers).first ?? [] }

  /// The numbers of the pictures that each call makes. From a seed those are made of one call that
  /// follow each other, as their seeds do.
  private func shares(of numbers: [Int]) -> [[Int]] {
    var shares: [[Int]] = []
    for number in numbers {
      if let last = shares.last, last.count < model.maxCount,
        request.seed == nil || last.last == number - 1
      {
        shares[shares.count - 1].append(number)
      } else {
        shares.append([number])
      }
    }
    return shares
  }

  private func call(_ share: [Int], number: Int) async -> Outcome {
    let started = EventLoop.nanoseconds
    var outcome = await callOnce(share, number: number)
    outcome.longestCall = .nanoseconds(EventLoop.nanoseconds - started)
    return outcome
  }

  private func callOnce(_ share: [Int], number: Int) async -> Outcome {
    guard link.finishesPaidCalls, !adapter.cancelsJobs, !Task.isCancelled else {
      return await make(share, number: number)
    }
    // To the last picture fetched, since one of them could be had by another paid call only.
    return await link.client.loop.shielded { await make(share, number: number) }
  }

  private func make(_ share: [Int], number: Int) async -> Outcome {
    var outcome = Outcome()
    let count = share.count
    var request = request
    // The same seed would make the same picture again, which is paid for all the same.
    request.seed = request.seed(ofPicture: share.first ?? 0)
    do throws(ImageFailure) {
      var job = ImageJob(
        request: request, model: model, count: count,
        idempotencyKey: keys.key(ofCall: number))
      if model.capabilities.contains(.streaming), request.count == 1 { job.partial = partial }
      let answer = try await adapter.draw(job, over: link)
      let drawn = answer.pictures.prefix(count)
      outcome.usage = answer.usage.map(UsageTotal.complete)
      outcome.adjusted = answer.adjusted
      if partial != nil, job.partial == nil { outcome.adjusted.append(noPartial) }
      let fetched = try await link.finishing { () throws(ImageFailure) in
        await fetch(drawn, share)
      }
      outcome.images = fetched.images
      outcome.failure = fetched.failure
      let bill = PictureBill(answer, of: fetched.images, drawn: drawn.count, model, request)
      outcome.cost = bill.total
      let sentSeed = count == 1 && !answer.adjustsSeed ? request.seed : nil
      for index in outcome.images.indices {
        outcome.images[index].seed = outcome.images[index].seed ?? sentSeed
        outcome.images[index].origin = PictureOrigin(model, cost: bill.shares[index])
        outcome.images[index].look = answer.look
      }
      outcome.adjusted += PictureDifferences.notes(
        on: outcome.images, of: request, told: outcome.adjusted)
      if outcome.failure == nil, outcome.images.count < count {
        outcome.adjusted.append(
          "n: \(model.id) made \(outcome.images.count) of \(count) pictures in one call")
      }
    } catch {
      outcome.failure = error
      outcome.isLeft = error.kind == .cancelled
    }
    return outcome
  }

  /// Why there are no unfinished pictures, though they were asked for.
  private var noPartial: String {
    let reason =
      model.capabilities.contains(.streaming)
      ? "shown of a single picture only" : "\(model.id) shows none"
    return "partial_images: \(reason)"
  }

  /// What could be had of a call's pictures.
  private struct Fetched: Sendable {
    var images: [GeneratedImage] = []
    /// Why the first that could not be had was not.
    var failure: ImageFailure?
  }

  /// Fetches and checks pictures. All are paid for: one that cannot be had takes no other with it.
  private func fetch(_ pictures: ArraySlice<ProviderPicture>, _ share: [Int]) async -> Fetched {
    var fetched = Fetched()
    for (number, picture) in zip(share, pictures) {
      do throws(ImageFailure) {
        var image = try await checked(picture)
        image.number = number
        fetched.images.append(image)
      } catch {
        fetched.failure = fetched.failure ?? error
        if error.kind == .cancelled { break }
      }
    }
    return fetched
  }

  /// The bytes of a picture, known to be one, and within the bounds.
  private func checked(_ picture: ProviderPicture) async throws(ImageFailure) -> GeneratedImage {
    let bytes: [UInt8]
    switch picture.source {
    case .bytes(let data): bytes = data
    case .url(let url): bytes = try await link.fetch(url)
    case .broken: throw link.malformed("answered with broken base64")
    }
    let name = link.provider.name
    guard bytes.count <= limits.image else {
      throw ImageFailure(
        .tooLarge, "\(name) made a picture of more than \(limits.image) bytes.",
        mayHaveBeenPaid: true)
    }
    guard let format = ImageFormat(whole: bytes) else {
      throw link.malformed("answered with something that is no picture")
    }
    if let (width, height) = format.dimensions(of: bytes),
      // Headers name sides of 32 bits, whose product is more than an integer holds.
      Double(width) * Double(height) > Double(limits.pixels)
    {
      throw ImageFailure(
        .tooLarge, "\(name) made a picture of \(width)x\(height) pixels.", mayHaveBeenPaid: true)
    }
    return GeneratedImage(
      bytes: bytes, format: format, revisedPrompt: picture.revisedPrompt, seed: picture.seed)
  }
}

extension ProviderAnswer {
  /// Whether the seed that was asked for was not sent as it is.
  fileprivate var adjustsSeed: Bool { adjusted.contains { $0.hasPrefix("seed:") } }
}

extension ModelTry.Outcome {
  mutating func add(_ other: ModelTry.Outcome) {
    let isKnown = isCostKnown && other.isCostKnown
    images += other.images
    longestCall = max(longestCall, other.longestCall)
    isLeft = isLeft || other.isLeft
    if let more = other.cost { cost = (cost ?? 0) + more }
    if !isKnown { cost = nil }
    usage = UsageTotal.sum(usage, other.usage)
    for note in other.adjusted where !adjusted.contains(note) { adjusted.append(note) }
    // The failure that says least about the provider would hide the one that says more.
    if failure == nil || failure?.kind == .cancelled { failure = other.failure ?? failure }
  }
}
