import HTTP
import Observability
import OpenAIWire
import Testing

@testable import Images

@Suite("Routing by an image profile")
struct ImageProfileRoutingTests {
  /// Three providers: `a` with what is best and dearest, `b` with two models, `c` without a price.
  private static func catalog() throws -> ImageCatalog {
    return ImageCatalog(providers: [
      try CatalogSupport.provider(
        "a", [ImageModel(id: "gpt-image-1", provider: "a", tier: .ultra, pricing: .flat(0.2))]),
      try CatalogSupport.provider(
        "b",
        [
          ImageModel(id: "dall-e-3", provider: "b", pricing: .flat(0.04)),
          ImageModel(id: "dall-e-2", provider: "b", tier: .standard, pricing: .flat(0.016)),
        ]),
      try CatalogSupport.provider("c", [ImageModel(id: "grok", provider: "c", capabilities: [])]),
    ])
  }

  private func route(_ change: (inout ImageProfile) -> Void) throws -> ImageRoute {
    var profile = ImageProfile(name: "shop")
    change(&profile)
    var request = ImageRequest(prompt: "a fox")
    try profile.apply(to: &request)
    return try ImageRouter(try Self.catalog()).route(request)
  }

  @Test("without limits asks everybody")
  func free() throws {
    #expect(try route { _ in }.candidates.count == 4)
  }

  @Test("asks the profile's providers alone, and does not speak of the others")
  func providers() throws {
    let route = try route { $0.providers = ["b", "c"] }
    #expect(route.candidates.map(\.name) == ["b/dall-e-2", "b/dall-e-3", "c/grok"])
    #expect(route.excluded.isEmpty)
  }

  @Test("asks a model by its name at the profile's providers alone")
  func model() throws {
    let route = try route { profile in
      profile.model = "dall-e-3"
      profile.providers = ["a", "b"]
    }
    #expect(route.candidates.map(\.name) == ["b/dall-e-3"])
  }

  @Test("prefers the profile's tier, and asks the others where it fails")
  func tier() throws {
    let route = try route { $0.model = "standard" }
    #expect(route.tier == .standard && route.candidates.first?.name == "b/dall-e-2")
    #expect(route.candidates.count == 4)
  }

  @Test("passes over what is dearer than the profile allows, or of unknown price")
  func cost() throws {
    let route = try route { $0.maxCost = 0.04 }
    #expect(route.candidates.map(\.name) == ["b/dall-e-2", "b/dall-e-3"])
    #expect(route.excluded.map(\.reason) == ["too_dear", "too_dear"])
    #expect(
      route.excluded.map(\.detail) == [
        "costs 0.2 US dollars, and the profile 'shop' allows 0.04",
        "costs nobody knows how much, and the profile 'shop' allows 0.04",
      ])
  }

  @Test("passes over models that would make another size than the profile allows")
  func sizes() throws {
    let wide = try #require(ImageSize("1792x1024"))
    let limited = try route { $0.sizes = [wide] }
    // Shapes are good enough where a provider knows no pixels.
    #expect(limited.candidates.map(\.name) == ["b/dall-e-3", "c/grok"])
    #expect(limited.excluded.map(\.detail) == Array(repeating: "does not make 1792x1024", count: 2))
    #expect(try route { $0.size = wide }.candidates.count == 4, "a default is only a wish")
  }

  @Test("knows whether anybody can serve a profile")
  func service() throws {
    let pipeline = ImagePipeline(try Self.catalog())
    func serves(_ operation: ImageRequest.Operation, _ change: (inout ImageProfile) -> Void) -> Bool
    {
      var profile = ImageProfile(name: "shop")
      change(&profile)
      return pipeline.canServe(profile, operation)
    }
    #expect(serves(.generate) { _ in } && serves(.edit) { _ in })
    #expect(serves(.generate) { $0.model = "dall-e-3" })
    #expect(!serves(.edit) { $0.model = "dall-e-3" })
    #expect(!serves(.edit) { $0.providers = ["c"] })
    #expect(!serves(.generate) { $0.maxCost = 0.001 })
    #expect(pipeline.canServe(nil, .generate) && pipeline.canServe(nil, .edit))
    #expect(!ImagePipeline(ImageCatalog()).canServe(nil, .generate))
  }

  @Test("a refusal is final, unless the profile has the next one asked", arguments: [false, true])
  func refusal(asksNext: Bool) throws {
    var profile = ImageProfile(name: "shop")
    profile.onRefusal = asksNext ? .next : .final
    var request = ImageRequest(prompt: "a fox")
    try profile.apply(to: &request)
    let route = try ImageRouter(try Self.catalog()).route(request)
    func run(after failure: ImageFailure) -> PipelineRun {
      var run = PipelineRun(request: request, route: route)
      run.add(ModelTry.Outcome(failure: failure), of: route.candidates[0])
      return run
    }
    #expect(run(after: ImageFailure(.refused, "no")).isOver == !asksNext)
    #expect(run(after: ImageFailure(.badRequest, "no")).isOver)
    #expect(!run(after: ImageFailure(.overloaded, "no")).isOver)
    #expect {
      try run(after: ImageFailure(.refused, "no")).result()
    } throws: { error in
      (error as? ImageFailure)?.openAIError.code == "content_policy_violation"
    }
  }
}
