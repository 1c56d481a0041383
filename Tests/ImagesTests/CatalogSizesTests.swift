import EventLoop
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

/// What the catalog says about sizes, and what pictures of them cost.
@Suite("Sizes of the catalog", .bounded, .timeLimit(.minutes(10)))
struct CatalogSizesTests {
  private static func shipped(_ name: String) throws -> ImageModel {
    let models = try CatalogSupport.shipped(CatalogTests.ownServers).images.providers.flatMap(
      \.models)
    return try #require(models.first { $0.name == name })
  }

  @Test(
    "a model of the shipped catalog makes the shape that is asked for",
    arguments: [
      ("bfl/flux-2-pro", "3840x2160", "2048x1152"), ("bfl/flux-pro-1.1", "1792x1024", "1440x832"),
      ("together/black-forest-labs/FLUX.2-pro", "3840x2160", "1440x816"),
      ("fal/fal-ai/flux-pro/v1.1", "3840x2160", "1536x864"),
      ("leonardo/phoenix-1.0", "2560x1440", "1536x864"),
      ("openai/gpt-image-2", "1536x864", "1536x864"),
      ("openai/gpt-image-2", "2048x2048", "2048x2048"),
      ("openai/gpt-image-2-2026-04-21", "1280x720", "1280x720"),
      ("azure-openai/gpt-image-2", "2048x1152", "2048x1152"),
      ("openai/gpt-image-2", "512x512", "816x816"),
      ("openai/gpt-image-2", "4096x4096", "2880x2880"),
    ])
  func shapes(name: String, wanted: String, made: String) throws {
    var request = ImageRequest(prompt: "a fox")
    request.size = ImageSize(wanted)
    let quote = try Self.shipped(name).quote(request)
    #expect(quote.size?.description == made)
  }

  @Test(
    "what is sent is a size that OpenAI takes",
    arguments: [
      ("1536x864", "1536x864"), ("256x256", "816x816"), ("100x3000", "480x1440"),
      ("4096x2160", "3840x2032"),
    ])
  func drawn(wanted: String, made: String) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.size = ImageSize(wanted)
      let provider = try AdapterHarness.provider(
        "openai", .openAI, try Self.shipped("openai/gpt-image-2"), at: simulator.baseURL)
      let answer = try await AdapterProbe.draw(provider, request, client.value).get()
      #expect(AdapterProbe.sizes(answer) == [made])
      #expect(answer.adjusted == (wanted == made ? [] : ["size: \(made) in place of \(wanted)"]))
    }
  }

  @Test(
    "a size without a price of its own costs what the nearest area does",
    arguments: [
      ("high", "1024x1024", 0.211), ("high", "1088x1088", 0.211), ("high", "1536x864", 0.165),
      ("high", "2048x1152", 0.165), ("high", "2048x2048", 0.222), ("high", "2880x2880", 0.401),
      ("low", "2048x2048", 0.007), ("auto", "2048x2048", 0.222),
    ])
  func prices(quality: String, size: String, price: Double) throws {
    var request = ImageRequest(prompt: "a fox")
    request.quality = quality
    request.size = ImageSize(size)
    #expect(try Self.shipped("openai/gpt-image-2").quote(request).price == price)
  }

  @Test(
    "the cheapest of OpenAI's models costs more where more is asked for",
    arguments: ["openai", "azure-openai"])
  func mini(provider: String) throws {
    let mini = try Self.shipped("\(provider)/gpt-image-1-mini")
    var request = ImageRequest(prompt: "a fox")
    #expect(mini.quote(request).price == 0.011)
    request.quality = "high"
    #expect(mini.quote(request).price == 0.036)
    request.size = ImageSize("1536x1024")
    #expect(mini.quote(request).price == 0.052)
    #expect(!mini.capabilities.contains(.inputFidelity))
  }

  @Test("a change within a mask costs what the service for it does")
  func mask() throws {
    var request = ImageRequest(prompt: "a fox")
    request.operation = .edit
    let ultra = try Self.shipped("stability/stable-image-ultra")
    #expect(ultra.quote(request).price == 0.08)
    request.mask = InputImage([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    #expect(request.mask != nil)
    #expect(ultra.quote(request).price == 0.05)
    #expect(try Self.shipped("openai/dall-e-2").quote(request).price == 0.02)
  }

  @Test("a price of any size comes before that of a size that is not made")
  func anySize() {
    let size = ImageSize("1024x1024")
    let pricing = Pricing(
      .perImage([.init(quality: "high", size: size, price: 0.2), .init(price: 0.05)]))
    let other = ImageSize("1536x1024")
    #expect(pricing.estimate(quality: "high", size: size, steps: nil) == 0.2)
    #expect(pricing.estimate(quality: "high", size: other, steps: nil) == 0.05)
  }

  @Test("sizes without a list have bounds of sides, of pixels and of shape")
  func bounds() throws {
    let catalog = """
      {"image":{"providers":{"p":{"wireFormat":"fal","baseUrl":"https://p.test","models":{"m":{
      "qualityTier":"high","supportedSizes":{"multipleOf":16,"min":480,"max":3840,
      "minPixels":655360,"maxPixels":8294400,"maxRatio":3}},"n":{
      "qualityTier":"high","supportedSizes":{"multipleOf":16,"min":64,"max":640,
      "maxPixels":90000}}}}}}}
      """
    let read = try CatalogReader.read(Array(catalog.utf8), environment: [:])
    let models = try #require(read.images.providers.first?.models)
    #expect(
      models.map(\.sizes) == [
        .free(FreeSizesTests.gptImage2),
        .free(FreeSizes(step: 16, sides: 64...640, pixels: 1...90_000)),
      ])
    let route = ImageRoute(candidates: [models[0]], excluded: [])
    let plan = try #require(ImagePlan(ImageRequest(prompt: "a fox"), route))
    let json = try JSONSlice.parse(JSONWriter.object { writer in plan.write(to: &writer) })
    let told = try #require(json["constraints"])
    #expect(told["sizeStep"]?.int == 16 && told["maxSide"]?.int == 3840)
    #expect(told["minPixels"]?.int == 655_360 && told["maxPixels"]?.int == 8_294_400)
    #expect(told["maxRatio"]?.double == 3)
  }
}
