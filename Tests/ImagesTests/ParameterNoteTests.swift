import OpenAIWire
import Testing

@testable import Images

/// What of a request is done otherwise than asked is named, whatever it is.
@Suite("Notes on parameters")
struct ParameterNoteTests {
  private static func encode(
    _ model: ImageModel, _ change: (inout ImageRequest) -> Void
  ) throws -> (body: JSONSlice, adjusted: [String]) {
    var request = ImageRequest(prompt: "a fox")
    change(&request)
    let encoder = OpenAIImagesEncoder(
      ImageJob(request: request, model: model, count: 1, idempotencyKey: "k"))
    return (try JSONSlice.parse(encoder.json()), encoder.adjusted)
  }

  @Test(
    "a word for quality that the model does not have",
    arguments: [
      ("gpt-image-1", "high", "high", false), ("gpt-image-1", "ultra", "high", false),
      ("gpt-image-1", "auto", "auto", false), ("gpt-image-1", "splendid", "auto", true),
      ("dall-e-3", "hd", "hd", false), ("dall-e-3", "medium", "standard", false),
      ("dall-e-3", "low", "standard", true), ("dall-e-3", "splendid", "standard", true),
      ("grok-imagine", "medium", "medium", false), ("grok-imagine", "fast", "low", false),
      ("grok-imagine", "high", "medium", true), ("grok-imagine", "ultra", "medium", true),
      ("grok-imagine", "auto", nil, false), ("grok-imagine", "splendid", nil, true),
      ("other", "splendid", "splendid", false),
    ] as [(String, String, String?, Bool)])
  func quality(id: String, word: String, wire: String?, isNoted: Bool) throws {
    var model = ImageModel(id: id, provider: "p", tier: .standard)
    model.capabilities.insert(.quality)
    let (body, adjusted) = try Self.encode(model) { $0.quality = word }
    #expect(body["quality"]?.string == wire)
    #expect(adjusted == (isNoted ? ["quality: \(wire ?? "auto") in place of \(word)"] : []))
  }

  @Test(
    "the same where a server passes such words on",
    arguments: [("splendid", 1), ("high", 0)])
  func passedOn(word: String, notes: Int) throws {
    var request = ImageRequest(prompt: "a fox")
    request.quality = word
    let model = ImageModel(id: "gpt-image-1", provider: "p", capabilities: [.quality])
    let job = ImageJob(request: request, model: model, count: 1, idempotencyKey: "k")
    #expect(FalEncoder(job).adjusted.count == notes)
    #expect(ReplicateEncoder(job, files: .init()).adjusted.count == notes)
    #expect(LeonardoEncoder(job).adjusted.count == notes)
  }

  @Test("who the user is, where the provider is not told")
  func user() throws {
    let told = try Self.encode(ImageModel(id: "gpt-image-1", provider: "p")) { $0.user = "me" }
    #expect(told.body["user"]?.string == "me" && told.adjusted.isEmpty)
    let xai = try Self.encode(ImageModel(id: "grok-imagine", provider: "p")) { $0.user = "me" }
    #expect(xai.body["user"] == nil)
    #expect(xai.adjusted == ["user: grok-imagine has no such parameter"])
    var request = ImageRequest(prompt: "a fox")
    request.user = "me"
    let job = ImageJob(
      request: request, model: ImageModel(id: "m", provider: "p"), count: 1, idempotencyKey: "k")
    let note = ["user: m has no such parameter"]
    #expect(TogetherEncoder(job).adjusted == note && BFLEncoder(job).adjusted == note)
    #expect(StabilityEncoder(job)?.adjusted == note && FalEncoder(job).adjusted == note)
    #expect(OpenRouterEncoder(job).adjusted.isEmpty)
  }

  @Test(
    "a shape is asked for of a model that is listed with pixels",
    arguments: [
      (["1024x1024", "1536x1024"], "1792x1024", "4:3"), (["1024x1024"], "1792x1024", "1:1"),
      (nil, "1792x1024", "16:9"), (nil, "512x512", "1:1"), (nil, "1000x2000", "9:16"),
    ] as [([String]?, String, String)])
  func shape(listed: [String]?, wanted: String, ratio: String) throws {
    let sizes = listed.map { SizeSupport.listed($0.compactMap { ImageSize($0) }) }
    let model = ImageModel(
      id: "grok-imagine", provider: "p", sizes: sizes ?? .free(FreeSizes(step: 8, sides: 64...2048))
    )
    let (body, adjusted) = try Self.encode(model) { $0.size = ImageSize(wanted) }
    #expect(body["aspect_ratio"]?.string == ratio)
    #expect(adjusted.count == 1 && adjusted[0].contains("aspect ratio \(ratio)"))
  }

  @Test("a shape that the model has none for is not passed over")
  func noShape() throws {
    let model = ImageModel(id: "grok-imagine", provider: "p", sizes: .ratios([]))
    let (body, adjusted) = try Self.encode(model) { $0.size = ImageSize("512x512") }
    #expect(body["aspect_ratio"] == nil)
    #expect(adjusted == ["size: grok-imagine has no such parameter"])
  }
}
