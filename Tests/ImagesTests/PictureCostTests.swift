import EventLoop
import HTTP
import OpenAIWire
import Simulator
import Synchronization
import TestSupport
import Testing

@testable import Images

@Suite("What pictures cost, and by whom they are", .bounded, .timeLimit(.minutes(10)))
struct PictureCostTests {
  private static func together(price: Double = 0.0027, _ simulator: SimulatorServer) throws
    -> ImageProvider
  {
    var model = ImageModel(
      id: "flux", provider: "together", dialect: .generic,
      sizes: .free(FreeSizes(step: 8, sides: 64...1792)), maxCount: 4, pricing: .flat(price),
      capabilities: [.seed], priority: 2)
    model.wireID = "black-forest-labs/FLUX.1-schnell"
    return try AdapterHarness.provider(
      "together", .together, model, at: simulator.url("together"))
  }

  private static func pricing(_ price: Double?) -> Pricing {
    price.map { .flat($0) } ?? Pricing(.unknown)
  }

  private static func small(_ count: Int) -> ImageRequest {
    var request = ImageRequest(prompt: "a fox")
    request.size = ImageSize("64x64")
    request.count = count
    return request
  }

  @Test(
    "totals are rounded, once",
    arguments: [
      (0.00474, 10, 0.0474), (0.00035, 1, 0.0004), (0.00035, 10, 0.0035), (0.00034, 1, 0.0003),
      (0.1, 3, 0.3), (0.04, 1, 0.04), (0, 7, 0),
    ] as [(Double, Int, Double)])
  func totals(price: Double, count: Int, total: Double) async throws {
    let model = ImageModel(id: "m", provider: "p", pricing: .flat(price))
    let quote = model.quote(Self.small(count))
    #expect(quote.price == price)
    #expect(quote.total(count) == total)
    let plan = try #require(
      ImagePlan(Self.small(count), ImageRoute(candidates: [model], excluded: [])))
    let json = try JSONSlice.parse(
      JSONWriter.object { writer in plan.write(to: &writer) })
    #expect(json["cost"]?.double == total)
  }

  @Test("a price that nobody knows is told as that in a plan, not as nothing to pay")
  func unknown() throws {
    let model = ImageModel(id: "m", provider: "p")
    #expect(model.quote(Self.small(1)).total(1) == nil)
    let plan = try #require(
      ImagePlan(Self.small(1), ImageRoute(candidates: [model, model], excluded: [])))
    let json = try JSONSlice.parse(JSONWriter.object { writer in plan.write(to: &writer) })
    #expect(json["cost"]?.isNull == true)
    #expect(json["availableAlternatives"]?[0]?["cost"]?.isNull == true)
  }

  @Test("a sum of prices is no dearer than it says")
  func noise() {
    let model = ImageModel(
      id: "m", provider: "p", pricing: Pricing(.perMegapixel(first: 0.1, further: 0.2)))
    var request = ImageRequest(prompt: "a fox")
    request.size = ImageSize("1000x2000")
    #expect(model.quote(request).price == 0.3)
  }

  @Test("ten pictures cost ten times as much as one, not ten times the rounded price of one")
  func several() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let pipeline = ImagePipeline(
        ImageCatalog(providers: [try Self.together(price: 0.00474, simulator)]))
      let result = try await pipeline.generate(Self.small(10), client: client.value)
      #expect(result.images.count == 10)
      #expect(result.cost == 0.0474)
      let costs = result.images.compactMap { $0.origin?.cost }
      #expect(costs.count == 10 && costs.allSatisfy { abs($0 - 0.00474) < 1e-9 })
    }
  }

  @Test("what was billed for pictures that cannot be fetched is in the cost")
  func lost() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var fal = try FalTests.fal.provider(simulator)
      fal.models[0].pricing = .flat(0.04)
      let seen = SeenAttempts()
      let pipeline = ImagePipeline(
        ImageCatalog(providers: [fal, try Self.together(simulator)]), observer: seen)
      for _ in 0..<4 { simulator.answer("files", 404, "gone") }
      let result = try await pipeline.generate(Self.small(1), client: client.value)
      #expect(result.model.provider == "together")
      #expect(result.cost == 0.0427)
      #expect(result.passedOver.map(\.reason) == ["malformed"])
      #expect(result.images.map { $0.origin?.provider } == ["together"])
      #expect(result.images.map { $0.origin?.cost } == [0.0027])
      #expect(seen.costs == [0.04, 0.0027])
    }
  }

  @Test(
    "a sum with a part whose price nobody knows is not known, in whichever order",
    arguments: [(0.03, nil), (nil, 0.0027)] as [(Double?, Double?)])
  func partlyUnknown(first: Double?, second: Double?) async throws {
    let (first, second) = (Self.pricing(first), Self.pricing(second))
    try await AdapterHarness.withSimulator { simulator, client in
      var model = ImageModel(
        id: "core", provider: "stability", dialect: .generic, maxCount: 1,
        pricing: first, capabilities: [])
      model.wireID = "core"
      let stability = try AdapterHarness.provider(
        "stability", .stability, model, at: simulator.url("stability"))
      var together = try Self.together(simulator)
      together.models[0].pricing = second
      simulator.answer("stability", 503, "{}")
      let pipeline = ImagePipeline(ImageCatalog(providers: [stability, together]))
      let result = try await pipeline.generate(Self.small(3), client: client.value)
      #expect(Set(result.images.compactMap { $0.origin?.provider }) == ["stability", "together"])
      #expect(result.cost == nil)
    }
  }

  @Test("pictures that a second model draws are said to be its own")
  func origins() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var model = ImageModel(
        id: "core", provider: "stability", dialect: .generic, maxCount: 1, pricing: .flat(0.03),
        capabilities: [])
      model.wireID = "core"
      let stability = try AdapterHarness.provider(
        "stability", .stability, model, at: simulator.url("stability"))
      simulator.answer("stability", 503, "{}")
      let pipeline = ImagePipeline(
        ImageCatalog(providers: [stability, try Self.together(simulator)]))
      let result = try await pipeline.generate(Self.small(3), client: client.value)
      #expect(result.model.provider == "stability")
      #expect(
        result.images.compactMap { $0.origin?.provider }.sorted() == [
          "stability", "stability", "together",
        ])
      #expect(result.images.compactMap { $0.origin?.cost }.sorted() == [0.0027, 0.03, 0.03])
      #expect(result.cost == 0.0627)
    }
  }

  @Test(
    "a seed that the provider does not tell is the one that it was sent, of one picture",
    arguments: [(1, true, 7), (2, true, nil), (1, false, nil)] as [(Int, Bool, Int?)])
  func seeds(count: Int, takesSeeds: Bool, seed: Int?) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var provider = try Self.together(simulator)
      if !takesSeeds { provider.models[0].capabilities = [] }
      var request = Self.small(count)
      request.seed = 7
      let result = try await ImagePipeline(ImageCatalog(providers: [provider]))
        .generate(request, client: client.value)
      #expect(result.images.map(\.seed) == Array(repeating: seed, count: count))
    }
  }

  @Test("pictures that are made one at a time have one seed after the other", arguments: [1, 2])
  func nextSeeds(most: Int) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var provider = try Self.together(simulator)
      provider.models[0].maxCount = most
      var request = Self.small(3)
      request.seed = 4_294_967_294
      let result = try await ImagePipeline(ImageCatalog(providers: [provider]))
        .generate(request, client: client.value)
      let sent = try simulator.requests("together").map { try $0.json()["seed"]?.int }
      let seeds = most == 1 ? [0, 4_294_967_294, 4_294_967_295] : [0, 4_294_967_294]
      #expect(sent.compactMap { $0 }.sorted() == seeds)
      // Of those that are made together only the provider knows.
      #expect(result.images.compactMap(\.seed).sorted() == (most == 1 ? seeds : [0]))
    }
  }
}

/// Remembers what attempts have cost.
private final class SeenAttempts: ImageObserver {
  private let seen = Mutex<[Double?]>([])

  var costs: [Double?] { seen.withLock { $0 } }

  func attempt(_ model: ImageModel, _ report: ImageAttemptReport) {
    seen.withLock { $0.append(report.cost) }
  }

  func fallback(from model: ImageModel, reason: String, mayHaveBeenPaid: Bool) {}
}
