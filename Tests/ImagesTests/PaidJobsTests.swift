import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

/// Jobs whose clients leave when nothing can be taken back any more.
@Suite("Jobs that are paid for", .bounded, .timeLimit(.minutes(10)))
struct PaidJobsTests {
  /// Where a job is when its client leaves: the requests of a route are under way.
  struct Moment: Sendable, CustomTestStringConvertible {
    let provider: JobProvider
    let route: String
    let prompt: String

    var testDescription: String { "\(provider.name), \(route)" }
  }

  static let late = [
    // Done before its submission is answered: there is nothing to cancel.
    Moment(provider: ReplicateTests.replicate, route: "replicate", prompt: "a quick fox"),
    Moment(provider: ReplicateTests.replicate, route: "files", prompt: "a fox"),
    Moment(provider: FalTests.fal, route: "fal.result", prompt: "a fox"),
    Moment(provider: FalTests.fal, route: "files", prompt: "a fox"),
  ]

  /// Draws, and leaves while a request of the moment's route is under way.
  private static func draw(
    _ moment: Moment, _ simulator: SimulatorServer, _ client: HTTPClient
  ) async throws -> ImageResult? {
    var slow = SimulatorFault()
    slow.delay = .milliseconds(200)
    simulator.queue(slow, route: moment.route)
    return try? await draw(
      moment.prompt, of: [try moment.provider.provider(simulator)], client,
      leavingOnce: { simulator.requests(moment.route).count == 1 }
    ).get()
  }

  /// Draws, and leaves once a condition holds.
  private static func draw(
    _ prompt: String, count: Int = 1, seed: Int? = nil, of providers: [ImageProvider],
    _ client: HTTPClient, leavingOnce condition: () -> Bool
  ) async throws -> Result<ImageResult, ImageFailure> {
    let pipeline = ImagePipeline(ImageCatalog(providers: providers))
    var request = ImageRequest(prompt: prompt)
    request.count = count
    request.seed = seed
    let (loop, wanted) = (client.loop, request)
    var result: Result<ImageResult, ImageFailure>?
    let drawing = loop.spawn {
      do throws(ImageFailure) {
        result = .success(
          try await pipeline.generate(wanted, client: client, finishesPaidCalls: true))
      } catch { result = .failure(error) }
    }
    try await eventually("it is time to leave") { condition() }
    drawing.cancel()
    await drawing.value
    return try #require(result)
  }

  @Test("a client that leaves a finished job has its picture for the next try", arguments: late)
  func finishes(_ moment: Moment) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let result = try await Self.draw(moment, simulator, client.value)
      #expect(result?.images.map(\.format) == [.png])
      #expect(simulator.jobs[moment.provider.name]?.accepted == 1)
      #expect(simulator.jobs[moment.provider.name]?.cancelled == 0)
    }
  }

  @Test(
    "a job that is not finished is cancelled",
    arguments: ImageJobsTests.cancelling)
  func cancels(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let moment = Moment(provider: provider, route: provider.name, prompt: "a fox")
      #expect(try await Self.draw(moment, simulator, client.value) == nil)
      try await eventually("the job is cancelled") {
        simulator.jobs[provider.name]?.cancelled == 1
      }
      #expect(simulator.jobs[provider.name]?.accepted == 1)
      // A job at fal may end all the same.
      let polls = simulator.requests("\(provider.name).poll").count
      #expect(polls == (provider.name == "fal" ? 1 : 0))
    }
  }

  @Test("a job that is asked to stop, and ends all the same, is kept")
  func goesOnToItsEnd() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let result = try await Self.draw(
        "an endless stubborn fox", of: [try FalTests.fal.provider(simulator)], client.value,
        leavingOnce: { simulator.requests("fal.poll").count > 1 }
      ).get()
      #expect(result.images.map(\.format) == [.png])
      #expect(simulator.requests("fal.cancel").count == 1)
      #expect(simulator.jobs["fal"]?.accepted == 1)
      #expect(simulator.jobs["fal"]?.cancelled == 0)
    }
  }

  @Test("where nothing is to be learned of a job that was asked to stop, it counts as stopped")
  func stopsSilently() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      for _ in 0..<2 { simulator.queue(SimulatorFault(), route: "fal.poll") }
      simulator.answer("fal.poll", 404, #"{"detail":"Request not found"}"#)
      let result = try await Self.draw(
        "an endless fox", of: [try FalTests.fal.provider(simulator)], client.value,
        leavingOnce: { simulator.requests("fal.poll").count > 1 })
      let failure = #expect(throws: ImageFailure.self) { try result.get() }
      #expect(failure?.kind == .cancelled)
      #expect(simulator.jobs["fal"]?.cancelled == 1)
    }
  }

  @Test("a job that somebody else has cancelled is the provider's failure")
  func cancelledElsewhere() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      simulator.answer("fal.poll", 200, #"{"status":"COMPLETED"}"#)
      simulator.answer(
        "fal.result", 499, #"{"detail":"Request was cancelled","error_type":"client_cancelled"}"#)
      let failure = try await FalTests.fal.failure(simulator, client.value)
      #expect(failure.kind == .malformed)
      #expect(failure.isProviders)
    }
  }

  /// Providers whose answer to a cancelling tells that the job was done.
  static let telling = [ReplicateTests.replicate, FalTests.fal]

  @Test("a job that is done before it can be cancelled is kept", arguments: telling)
  func cancelsTooLate(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let result = try await Self.draw(
        "an endless uncatchable fox", of: [try provider.provider(simulator)], client.value,
        leavingOnce: { simulator.requests("\(provider.name).poll").count > 1 }
      ).get()
      #expect(result.images.map(\.format) == [.png])
      #expect(simulator.requests("\(provider.name).cancel").count == 1)
      #expect(simulator.jobs[provider.name]?.accepted == 1)
      #expect(simulator.jobs[provider.name]?.cancelled == 0)
    }
  }

  @Test(
    "a job that is done as its time ends is kept, where it can be had in time", arguments: telling)
  func isDoneInTheEnd(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      // Asked for once: the next question would come too late.
      let drawn = try await provider.draw(
        simulator, ImageRequest(prompt: "an endless uncatchable fox"), timeout: .seconds(30),
        options: ["pollMilliseconds": "60000"], client.value)
      #expect(drawn.pictures.map(ImageFormat.init(whole:)) == [.png])
      #expect(simulator.requests("\(provider.name).cancel").count == 1)
      #expect(simulator.jobs[provider.name]?.accepted == 1)
      #expect(simulator.jobs[provider.name]?.cancelled == 0)
    }
  }

  @Test("a job that is done is asked for again where the first question fails", arguments: telling)
  func asksAgain(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let route = "\(provider.name).poll"
      simulator.queue(SimulatorFault(), route: route)
      var reset = SimulatorFault()
      reset.resetAfter = 0
      simulator.queue(reset, route: route)
      let drawn = try await provider.draw(
        simulator, ImageRequest(prompt: "an endless uncatchable fox"), timeout: .seconds(30),
        options: ["pollMilliseconds": "60000"], client.value)
      #expect(drawn.pictures.map(ImageFormat.init(whole:)) == [.png])
      #expect(simulator.requests(route).count == 3)
      #expect(simulator.jobs[provider.name]?.accepted == 1)
    }
  }

  @Test("a job that is done, and cannot be had, may have been paid for", arguments: telling)
  func isLost(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let route = "\(provider.name).poll"
      simulator.queue(SimulatorFault(), route: route)
      simulator.answer(route, 404, "{}")
      let failure = try await provider.failure(
        simulator, prompt: "an endless uncatchable fox", timeout: .seconds(30),
        options: ["pollMilliseconds": "60000"], client.value)
      #expect(failure.kind == .notFound)
      #expect(failure.mayHaveBeenPaid)
    }
  }

  @Test("of several jobs those that are done are kept, and what is missing is told")
  func keepsPart() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var provider = try FalTests.fal.provider(simulator)
      provider.models[0].maxCount = 1
      var fault = SimulatorFault()
      fault.hangs = true
      simulator.queue(fault, route: "fal.poll")
      let result = try await Self.draw(
        "a fox", count: 2, of: [provider], client.value,
        leavingOnce: { simulator.requests("files").count == 1 }
      ).get()
      #expect(result.images.count == 1)
      #expect(result.missing == 1)
      #expect(result.passedOver == [])
      #expect(simulator.jobs["fal"]?.accepted == 2)
      try await eventually("the job is cancelled") {
        simulator.jobs["fal"]?.cancelled == 1
      }
      let kept = KeptPictures(result, [KeptPicture(id: "a", url: "u")])
      let read = try #require(KeptPictures(json: try JSONSlice.parse(kept.json)))
      #expect(read.result.missing == 1)
      let whole = read.joined(with: KeptPictures(kept.result, kept.pictures))
      #expect(whole.result.images.count == 2 && whole.pictures.count == 2)
      let alone = read.without(rest: .unavailable("down"))
      #expect(alone.result.missing == 0)
      #expect(alone.result.adjusted.last == "n: 1 of 2 pictures; down")
    }
  }

  @Test("calls that are not begun when the client leaves are missing, and told so")
  func notBegun() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var slow = SimulatorFault()
      slow.delay = .milliseconds(300)
      for _ in 0..<4 { simulator.queue(slow, route: "images") }
      let result = try await Self.draw(
        "a fox", count: 6, of: [try Self.server("first", at: simulator)], client.value,
        leavingOnce: { simulator.requests("images").count == 4 }
      ).get()
      #expect(result.images.count == 4)
      #expect(result.missing == 2)
      #expect(result.adjusted == [])
      #expect(simulator.requests("images").count == 4)
    }
  }

  /// Draws at `providers`, of which the first one fails with `status` when the client has left.
  private static func drawLeaving(
    _ providers: [ImageProvider], status: Int, _ simulator: SimulatorServer, _ client: HTTPClient
  ) async throws -> Result<ImageResult, ImageFailure> {
    var fault = SimulatorFault()
    fault.delay = .milliseconds(200)
    fault.status = status
    simulator.queue(fault, route: "images")
    let result = try await draw(
      "a fox", of: providers, client,
      leavingOnce: { simulator.requests("images").count == 1 })
    #expect(simulator.requests("images").count == 1)
    return result
  }

  @Test("a failure after which another one would have been asked is none where the client has left")
  func leftBetween() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let providers = try ["first", "second"].map { try Self.server($0, at: simulator) }
      let result = try await Self.drawLeaving(providers, status: 503, simulator, client.value)
      let failure = #expect(throws: ImageFailure.self) { try result.get() }
      #expect(failure?.kind == .cancelled)
      #expect(failure?.mayHaveBeenPaid == false)
    }
  }

  @Test("where it may have been paid for, a repetition goes on with those that were not asked")
  func goesOn() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let providers = try ["first", "second"].map { try Self.server($0, at: simulator) }
      let left = try await Self.drawLeaving(providers, status: 500, simulator, client.value).get()
      #expect(left.images.isEmpty && left.missing == 1 && left.cost == 0)
      #expect(left.risked == ["first"])
      let kept = KeptPictures(left, [])
      let read = try #require(KeptPictures(json: try JSONSlice.parse(kept.json)))
      #expect(read.id == kept.id && read.isEmpty && read.isWhole)
      #expect(read.lifetime(.seconds(3600)) == PaidRequests.failureLifetime)
      let observer = FallbackRecorder()
      let pipeline = ImagePipeline(ImageCatalog(providers: providers), observer: observer)
      let rest = try await pipeline.generate(
        ImageRequest(prompt: "a fox"), client: client.value, after: read.result)
      #expect(rest.model.provider == "second")
      #expect(rest.passedOver == [ImageResult.PassedOver(model: "first/m", reason: "overloaded")])
      #expect(observer.names == ["first/m;reason=overloaded"])
      let whole = read.joined(with: KeptPictures(rest, [KeptPicture(id: "a", url: "u")]))
      #expect(whole.result.model.provider == "second" && whole.result.missing == 0)
      #expect(whole.result.passedOver == rest.passedOver)
    }
  }

  @Test("a repetition risks no third provider, and says that two may have charged")
  func noThirdRisk() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let providers = try ["first", "second", "third"].map { try Self.server($0, at: simulator) }
      let left = try await Self.drawLeaving(providers, status: 500, simulator, client.value).get()
      let pipeline = ImagePipeline(ImageCatalog(providers: providers))
      var fault = SimulatorFault()
      fault.status = 500
      simulator.queue(fault, route: "images")
      let failure = await #expect(throws: ImageFailure.self) {
        try await pipeline.generate(
          ImageRequest(prompt: "a fox"), client: client.value, after: left)
      }
      #expect(simulator.requests("images").count == 2)
      #expect(failure?.mayHaveBeenPaid == true)
      #expect(
        failure?.message == "No image provider could draw this (first/m: overloaded; second/m: "
          + "overloaded). One more was not asked, because two may have charged for it already.")
    }
  }

  @Test("each missing picture is made from its own seed, and stands in its own place")
  func missingSeeds() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var provider = try ReplicateTests.replicate.provider(simulator)
      provider.models[0].maxCount = 1
      provider.models[0].capabilities.insert(.seed)
      // The first is not done when the client leaves; the second is done at once.
      var slow = SimulatorFault()
      slow.delay = .milliseconds(1)
      simulator.queue(slow, route: "replicate")
      simulator.answer(
        "replicate", 201,
        #"{"id":"q","status":"succeeded","input":{"seed":101},"output":["data:image/gif;base64,"#
          + #"\#(Self.picture)"],"urls":{}}"#)
      let left = try await Self.draw(
        "an endless fox", count: 2, seed: 100, of: [provider], client.value,
        leavingOnce: { simulator.requests("replicate.poll").count > 2 }
      ).get()
      func seeds() throws -> [Int?] {
        try simulator.requests("replicate").map { try $0.json()["input"]?["seed"]?.int }
      }
      #expect(try seeds() == [100, 101])
      #expect(left.images.map(\.seed) == [101] && left.images.map(\.number) == [1])
      let kept = KeptPictures(left, [KeptPicture(id: "b", url: "u")])
      let read = try #require(KeptPictures(json: try JSONSlice.parse(kept.json)))
      var request = ImageRequest(prompt: "a fox")
      (request.count, request.seed) = (2, 100)
      let rest = try await ImagePipeline(ImageCatalog(providers: [provider]))
        .generate(request, client: client.value, after: read.result)
      #expect(try seeds() == [100, 101, 100])
      #expect(rest.adjusted == [])
      let whole = read.joined(with: KeptPictures(rest, [KeptPicture(id: "a", url: "u")]))
      #expect(whole.result.images.map(\.seed) == [100, 101])
      #expect(whole.pictures.map(\.id) == ["a", "b"])
    }
  }

  @Test("pictures stand in the order of their seeds, whichever is done first, at whomever")
  func order() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var providers = try ["first", "second"].map { try Self.server($0, at: simulator) }
      for index in providers.indices { providers[index].models[0].capabilities.insert(.seed) }
      var slow = SimulatorFault()
      slow.delay = .milliseconds(100)
      slow.status = 503
      simulator.queue(slow, route: "images")
      var request = ImageRequest(prompt: "a fox")
      (request.count, request.seed) = (3, 7)
      let result = try await ImagePipeline(ImageCatalog(providers: providers))
        .generate(request, client: client.value)
      #expect(result.images.map(\.seed) == [7, 8, 9])
      #expect(result.images.map { $0.origin?.provider } == ["second", "first", "first"])
      #expect(
        try simulator.requests("images").map { try $0.json()["seed"]?.int ?? 0 } == [7, 8, 9, 7])
    }
  }

  @Test("nobody is asked twice for one request, not even where nobody else is left")
  func notTwice() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let providers = try ["first", "second"].map { try Self.server($0, at: simulator) }
      let left = try await Self.drawLeaving(providers, status: 500, simulator, client.value).get()
      let pipeline = ImagePipeline(ImageCatalog(providers: [providers[0]]))
      let failure = await #expect(throws: ImageFailure.self) {
        try await pipeline.generate(
          ImageRequest(prompt: "a fox"), client: client.value, after: left)
      }
      #expect(failure?.message == "No image model can draw this now (first/m: overloaded).")
      #expect(simulator.requests("images").count == 1)
    }
  }

  private static func server(
    _ name: String, at simulator: SimulatorServer
  ) throws -> ImageProvider {
    try AdapterHarness.provider(
      name, .openAI, ImageModel(id: "m", provider: name, dialect: .generic, maxCount: 1),
      at: simulator.baseURL)
  }

  @Test("a picture whose base64 is broken takes no other of its answer with it")
  func brokenBase64() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      func server(_ name: String, _ priority: Int, _ price: Double) throws -> ImageProvider {
        try AdapterHarness.provider(
          name, .openAI,
          ImageModel(
            id: "m", provider: name, dialect: .generic, maxCount: 2, pricing: .flat(price),
            priority: priority), at: simulator.baseURL)
      }
      let pipeline = ImagePipeline(
        ImageCatalog(providers: [try server("first", 1, 0.05), try server("second", 2, 0.02)]))
      simulator.answer(
        "images", 200, #"{"data":[{"b64_json":"%%%"},{"b64_json":"\#(Self.picture)"}]}"#)
      simulator.answer("images", 200, #"{"data":[{"b64_json":"\#(Self.picture)"}]}"#)
      var request = ImageRequest(prompt: "a fox")
      request.count = 2
      let result = try await pipeline.generate(request, client: client.value)
      // In the place of the one that could not be had.
      #expect(result.images.map { $0.origin?.provider } == ["second", "first"])
      #expect(result.cost == 0.12)
      #expect(try simulator.requests("images").map { try $0.json()["n"]?.int ?? 1 } == [2, 1])
    }
  }

  @Test("a job whose cancelling is not answered is left", arguments: telling)
  func cancelsInVain(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var fault = SimulatorFault()
      fault.resetAfter = 0
      simulator.queue(fault, route: "\(provider.name).cancel")
      let result = try await Self.draw(
        "an endless fox", of: [try provider.provider(simulator)], client.value,
        leavingOnce: { simulator.requests("\(provider.name).poll").count > 1 })
      let failure = #expect(throws: ImageFailure.self) { try result.get() }
      #expect(failure?.kind == .cancelled)
      #expect(failure?.mayHaveBeenPaid == true)
      #expect(simulator.jobs[provider.name]?.accepted == 1)
    }
  }

  @Test("a picture that cannot be had takes no other of its job with it")
  func keepsOthers() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var fal = try FalTests.fal.provider(simulator)
      fal.models[0].pricing = .flat(0.04)
      var other = ImageModel(
        id: "flux", provider: "together", dialect: .generic, maxCount: 4, pricing: .flat(0.01),
        priority: 2)
      other.wireID = "black-forest-labs/FLUX.1-schnell"
      let together = try AdapterHarness.provider(
        "together", .together, other, at: simulator.url("together"))
      let pipeline = ImagePipeline(ImageCatalog(providers: [fal, together]))
      // For the first, and the three times that it is asked for again.
      for _ in 0..<4 { simulator.answer("files", 404, "gone") }
      var request = ImageRequest(prompt: "a fox")
      request.size = ImageSize("64x64")
      request.count = 4
      let result = try await pipeline.generate(request, client: client.value)
      #expect(result.images.map { $0.origin?.provider } == ["together", "fal", "fal", "fal"])
      #expect(result.cost == 0.17)
      #expect(try simulator.requests("together").map { try $0.json()["n"]?.int } == [1])
    }
  }

  @Test("a model that makes fewer pictures than it was asked for has not failed")
  func makesFewer() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let provider = try AdapterHarness.provider(
        "openai", .openAI,
        ImageModel(id: "m", provider: "openai", dialect: .generic, maxCount: 2),
        at: simulator.baseURL)
      simulator.answer("images", 200, #"{"data":[{"b64_json":"\#(Self.picture)"}]}"#)
      var request = ImageRequest(prompt: "a fox")
      request.count = 2
      let result = try await ImagePipeline(ImageCatalog(providers: [provider]))
        .generate(request, client: client.value)
      #expect(
        result.adjusted == ["n: m made 1 of 2 pictures in one call", "n: 1 of 2 pictures"])
    }
  }

  /// A GIF of one pixel.
  private static let picture = "R0lGODlhAQABAAAAACwAAAAAAQABAAA="
}
