import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import Synchronization
import TestSupport
import Testing

@testable import Images

@Suite("Who was passed over", .bounded, .timeLimit(.minutes(5)))
struct PassedOverTests {
  /// A request in which breakers are open and models fail.
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// Whose breakers are open, and those of them that are found to be so late.
    var open: [String]
    var late: Set<String> = []
    /// How many of the first ones asked fail.
    var failures = 0
    var maker: String
    var passedOver: [String]
  }

  static let cases = [
    Case(testDescription: "nobody", open: [], maker: "a", passedOver: []),
    Case(testDescription: "a worse one is away", open: ["b"], maker: "a", passedOver: []),
    Case(testDescription: "all worse ones are away", open: ["b", "c"], maker: "a", passedOver: []),
    Case(
      testDescription: "a better one is away", open: ["a"], maker: "b",
      passedOver: ["sim/a;reason=unavailable"]),
    Case(
      testDescription: "the better ones are away", open: ["a", "b"], maker: "c",
      passedOver: ["sim/a;reason=unavailable", "sim/b;reason=unavailable"]),
    Case(
      testDescription: "a better and a worse one are away", open: ["a", "c"], maker: "b",
      passedOver: ["sim/a;reason=unavailable"]),
    Case(
      testDescription: "one fails, and the one behind it is away", open: ["b"], failures: 1,
      maker: "c", passedOver: ["sim/a;reason=overloaded", "sim/b;reason=unavailable"]),
    Case(
      testDescription: "one fails, and the last one is away", open: ["c"], failures: 1, maker: "b",
      passedOver: ["sim/a;reason=overloaded"]),
    Case(
      testDescription: "another request was faster to find out", open: ["a", "b"], late: ["b"],
      maker: "c", passedOver: ["sim/a;reason=unavailable", "sim/b;reason=unavailable"]),
  ]

  @Test("only those of better standing than who drew are named, and counted", arguments: cases)
  func named(_ test: Case) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var health = ClosedModels(
        Dictionary(uniqueKeysWithValues: test.open.map { ("sim/\($0)", 30) }))
      health.late = Set(test.late.map { "sim/\($0)" })
      let observer = FallbackRecorder()
      let pipeline = ImagePipeline(
        try PipelineHarness.catalog(simulator), health: health, observer: observer)
      PipelineHarness.fail(simulator, test.failures)
      let result = try await pipeline.generate(
        ImageRequest(prompt: "a fox"), client: client.value)
      #expect(result.model.id == test.maker)
      let field = ImageResult.PassedOver.field(result.passedOver)
      #expect((field ?? "") == test.passedOver.joined(separator: ", "))
      #expect(observer.names == test.passedOver)
    }
  }

  /// What comes of a request that nobody draws.
  private static func failure(
    _ health: ClosedModels, failing: Int, model: String? = nil
  ) async throws -> ImageFailure {
    try await AdapterHarness.withSimulator { simulator, client in
      let pipeline = ImagePipeline(try PipelineHarness.catalog(simulator), health: health)
      PipelineHarness.fail(simulator, failing)
      var request = ImageRequest(prompt: "a fox")
      request.model = model
      do throws(ImageFailure) {
        _ = try await pipeline.generate(request, client: client.value)
      } catch {
        return error
      }
      Issue.record("it was drawn")
      return ImageFailure(.cancelled, "")
    }
  }

  private static func field(_ failure: ImageFailure) -> String? {
    failure.openAIError.headers.first { $0.name == "x-easel-fallback" }?.value
  }

  @Test("where nobody draws, the error names everybody and why, whatever kept them from it")
  func nobody() async throws {
    let better = try await Self.failure(ClosedModels(["sim/a": 30, "sim/b": 40]), failing: 1)
    #expect(
      better.message
        == "No image provider could draw this (sim/a: circuit breaker open, next trial "
        + "in 30 s; sim/b: circuit breaker open, next trial in 40 s; sim/c: overloaded).")
    #expect(
      Self.field(better)
        == "sim/a;reason=unavailable, sim/b;reason=unavailable, sim/c;reason=overloaded")
    let worse = try await Self.failure(ClosedModels(["sim/b": 30, "sim/c": 40]), failing: 1)
    #expect(
      worse.message
        == "No image provider could draw this (sim/a: overloaded; sim/b: circuit breaker "
        + "open, next trial in 30 s; sim/c: circuit breaker open, next trial in 40 s).")
    #expect(Self.field(worse) == nil, "nobody was asked in the place of the first one")
    let all = try await Self.failure(ClosedModels([:]), failing: 3)
    #expect(
      Self.field(all) == "sim/a;reason=overloaded, sim/b;reason=overloaded, sim/c;reason=overloaded"
    )
    let named = try await Self.failure(ClosedModels(["sim/a": 30]), failing: 1, model: "sim/b")
    #expect(named.message == "sim: boom" && Self.field(named) == nil)
  }

  @Test("a last resort that fails is named behind those that were not asked")
  func lastResort() async throws {
    var health = ClosedModels(["sim/a": 30, "sim/b": 10, "sim/c": 20])
    health.allowsLastResort = true
    let failure = try await Self.failure(health, failing: 1)
    #expect(
      failure.message
        == "No image model can draw this now (sim/a: circuit breaker open, next trial "
        + "in 30 s; sim/b: circuit breaker open, next trial in 10 s; sim/c: circuit breaker open, "
        + "next trial in 20 s). Tried nevertheless: sim: boom")
    #expect(failure.retryAfter == .seconds(10))
  }

  @Test("a last resort that draws was asked in the place of the better ones alone")
  func lastResortDraws() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var health = ClosedModels(["sim/a": 30, "sim/b": 10, "sim/c": 20])
      health.allowsLastResort = true
      let observer = FallbackRecorder()
      let pipeline = ImagePipeline(
        try PipelineHarness.catalog(simulator), health: health, observer: observer)
      let result = try await pipeline.generate(
        ImageRequest(prompt: "a fox"), client: client.value)
      #expect(result.model.id == "b")
      #expect(result.passedOver.map(\.model) == ["sim/a"])
      #expect(observer.names == ["sim/a;reason=unavailable"])
    }
  }

  @Test(
    "who turns out to be closed only when asked is asked as a last resort too, also after failures",
    arguments: [(0, "b", ["sim/a;reason=unavailable"]), (1, "c", ["sim/a;reason=overloaded"])])
  func lateLastResort(failing: Int, drawnBy: String, passedOver: [String]) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var health = ClosedModels(
        failing == 0 ? ["sim/a": 30, "sim/b": 10, "sim/c": 20] : ["sim/b": 30, "sim/c": 20])
      health.late = ["sim/a", "sim/b", "sim/c"]
      health.allowsLastResort = true
      let observer = FallbackRecorder()
      PipelineHarness.fail(simulator, failing)
      let pipeline = ImagePipeline(
        try PipelineHarness.catalog(simulator), health: health, observer: observer)
      let result = try await pipeline.generate(
        ImageRequest(prompt: "a fox"), client: client.value)
      #expect(result.model.id == drawnBy)
      #expect(observer.names.contains(passedOver[0]))
      #expect(!observer.names.contains { $0.hasPrefix("sim/\(drawnBy)") })
      #expect(
        Set(result.passedOver.map { "\($0.model);reason=\($0.reason)" }) == Set(observer.names))
    }
  }

  @Test("those that rest are asked after the others have failed, and among themselves in turn")
  func resting() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var health = ClosedModels(["sim/a": 5])
      health.resting = ["sim/a"]
      let observer = FallbackRecorder()
      PipelineHarness.fail(simulator, 2)
      let result = try await ImagePipeline(
        try PipelineHarness.catalog(simulator), health: health, observer: observer
      ).generate(ImageRequest(prompt: "a fox"), client: client.value)
      #expect(result.model.id == "a")
      #expect(
        ImageResult.PassedOver.field(result.passedOver)
          == "sim/b;reason=overloaded, sim/c;reason=overloaded")
      #expect(observer.names.first == "sim/a;reason=unavailable", "others were asked first")

      // So is one whose trial was another request's, if a last resort is.
      for asksLastResort in [true, false] {
        health = ClosedModels(["sim/a": 5])
        (health.tried, health.allowsLastResort) = (["sim/a"], true)
        // A trial of another one that fails is no last resort.
        health.probes = true
        PipelineHarness.fail(simulator, 2)
        var limits = ImagePipeline.Limits()
        limits.asksLastResort = asksLastResort
        let drawn = try? await ImagePipeline(
          try PipelineHarness.catalog(simulator), health: health, limits: limits
        ).generate(ImageRequest(prompt: "a fox"), client: client.value)
        #expect(drawn?.model.id == (asksLastResort ? "a" : nil))
      }

      health = ClosedModels(["sim/a": 5, "sim/b": 5, "sim/c": 30])
      health.resting = ["sim/a", "sim/b"]
      PipelineHarness.fail(simulator, 1)
      var limits = ImagePipeline.Limits()
      limits.asksLastResort = false
      let next = try await ImagePipeline(
        try PipelineHarness.catalog(simulator), health: health, limits: limits
      ).generate(ImageRequest(prompt: "a fox"), client: client.value)
      #expect(next.model.id == "b")
      #expect(ImageResult.PassedOver.field(next.passedOver) == "sim/a;reason=overloaded")
    }
  }

  @Test("of a model that may be down one picture is asked for, and the rest where that was made")
  func probe() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var health = ClosedModels([:])
      var held = SimulatorFault()
      held.isHeld = true
      var asked = 0
      for (probes, first) in [(false, 3), (true, 1)] {
        health.probes = probes
        for _ in 0..<first { simulator.queue(held, route: "images") }
        let pipeline = ImagePipeline(try PipelineHarness.catalog(simulator), health: health)
        let loop = client.value.loop
        let bound = LoopBound(pipeline, on: loop)
        var three = ImageRequest(prompt: "a fox")
        three.count = 3
        let request = three
        let run = Task {
          try await loop.run { try await bound.value.generate(request, client: client.value) }
        }
        try await eventually("the first are under way") {
          simulator.requests.filter { $0.route == "images" }.count == asked + first
        }
        // What is sent together comes together: this comes behind it.
        _ = try await client.value.send(
          ClientRequest(.get, try HTTPURL(simulator.baseURL).appending(path: "models")),
          bodyLimit: 1 << 20)
        #expect(simulator.requests.filter { $0.route == "images" }.count == asked + first)
        simulator.release()
        #expect(try await run.value.images.count == 3)
        asked += 3
      }
    }
  }

  @Test("a call is slow that takes long, not a request of many calls")
  func slow() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let told = Mutex<[Duration]>([])
      var health = ClosedModels([:])
      health.ended = { duration in told.withLock { $0.append(duration) } }
      var fault = SimulatorFault()
      fault.delay = .milliseconds(100)
      // More than run side by side.
      for _ in 0..<8 { simulator.queue(fault, route: "images") }
      var request = ImageRequest(prompt: "a fox")
      request.count = 8
      let started = ContinuousClock.now
      _ = try await ImagePipeline(try PipelineHarness.catalog(simulator), health: health)
        .generate(request, client: client.value)
      let whole = ContinuousClock.now - started
      let longest = try #require(told.withLock { $0.first })
      // Another one came before it, or after it.
      #expect(longest >= .milliseconds(100) && longest <= whole - .milliseconds(100))
    }
  }

  @Test("with one key of the shipped catalog, its models come first, and the other keys once each")
  func shipped() throws {
    let catalog = try CatalogSupport.shipped(["OPENAI_API_KEY": "sk-1"]).images
    let models = try #require(catalog.providers.first { $0.name == "openai" }?.models)
    let health = ClosedModels(Dictionary(uniqueKeysWithValues: models.map { ($0.name, 30) }))
    let route = try ImageRouter(catalog, health: health).route(ImageRequest(prompt: "a fox"))
    let failure = ImagePipeline.nobody(route, and: ImageFailure(.timedOut, "It took too long."))
    #expect(failure.kind == .overloaded && failure.retryAfter == .seconds(30))
    let entries = try #require(failure.message.split(separator: "(").last).split(separator: "; ")
    #expect(
      entries.prefix(models.count).map(String.init).sorted()
        == models.map { "\($0.name): circuit breaker open, next trial in 30 s" }.sorted())
    for provider in catalog.providers where provider.lacksKey {
      let reason = "\(provider.name): no key: \(provider.keyVariable ?? "") is not set"
      #expect(failure.message.components(separatedBy: reason).count == 2, "\(reason)")
    }
    #expect(failure.message.hasSuffix("is not set). Tried nevertheless: It took too long."))
  }

  @Test("what does not fit is told before the keys that are not there")
  func unfit() throws {
    let catalog = try CatalogSupport.shipped(["LEONARDO_API_KEY": "k"]).images
    var request = ImageRequest(prompt: "a fox")
    request.background = "transparent"
    let failure = ImagePipeline.nobody(try ImageRouter(catalog).route(request))
    #expect(failure.kind == .noProvider)
    #expect(
      failure.message.hasPrefix(
        "No image model can draw this now (leonardo/phoenix-1.0: cannot do: transparent"))
    #expect(failure.message.contains("openai: no key: OPENAI_API_KEY is not set"))
  }
}
