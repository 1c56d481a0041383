import HTTP
import Observability
import OpenAIWire
import Testing

@testable import Images

/// A prompt that is too long for a model is drawn by another one.
@Suite("Length of prompts")
struct PromptLengthTests {
  private static func catalog() throws -> ImageCatalog {
    return ImageCatalog(providers: [
      try CatalogSupport.provider(
        "a", ["dall-e-2", "dall-e-3", "gpt-image-1"].map { ImageModel(id: $0, provider: "a") }),
      try CatalogSupport.provider(
        "b", [ImageModel(id: "flux", provider: "b", capabilities: [.negativePrompt])]),
    ])
  }

  private static func route(
    _ length: Int, negative: Int? = nil, model: String? = nil
  ) throws -> ImageRoute {
    var request = ImageRequest(prompt: String(repeating: "é", count: length))
    request.negativePrompt = negative.map { String(repeating: "x", count: $0) }
    request.model = model
    return try ImageRouter(catalog()).route(request)
  }

  @Test(
    "models that do not take it are passed over, whatever its bytes",
    arguments: [
      (1000, ["dall-e-2", "dall-e-3", "gpt-image-1", "flux"]),
      (1001, ["dall-e-3", "gpt-image-1", "flux"]), (4000, ["dall-e-3", "gpt-image-1", "flux"]),
      (4001, ["gpt-image-1", "flux"]), (32_000, ["gpt-image-1", "flux"]), (32_001, ["flux"]),
    ])
  func passedOver(length: Int, models: [String]) throws {
    let route = try Self.route(length)
    #expect(route.candidates.map(\.id) == models)
    #expect(route.excluded.allSatisfy { $0.reason == "prompt_too_long" })
  }

  @Test("what must not be seen counts where it is put into the prompt")
  func negative() throws {
    // A line and "Avoid: " come before it.
    #expect(try Self.route(3900, negative: 92).candidates.map(\.id).contains("dall-e-3"))
    #expect(try !Self.route(3900, negative: 93).candidates.map(\.id).contains("dall-e-3"))
  }

  @Test("where no model takes it the client is told how long it may be")
  func nobody() throws {
    let route = try Self.route(4001, model: "dall-e-3")
    #expect(route.candidates.isEmpty)
    let failure = ImagePipeline.nobody(route)
    #expect(failure.kind == .noProvider && failure.openAIError.status == 400)
    #expect(
      failure.message.contains(
        "a/dall-e-3: takes prompts of up to 4000 characters, and this has 4001"))
  }

  @Test("the shipped catalog knows it where it is documented")
  func shipped() throws {
    let models = try CatalogSupport.shipped().images.providers.flatMap(\.models)
    let lengths = [
      "openai/dall-e-3": 4000, "openai/gpt-image-2": 32_000, "stability/sd3.5-large": 10_000,
    ]
    for (name, length) in lengths {
      #expect(models.first { $0.name == name }?.maxPromptLength == length)
    }
    #expect(models.first { $0.provider == "bfl" }?.maxPromptLength == nil)
  }
}
