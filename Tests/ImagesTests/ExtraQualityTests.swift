import Testing

@testable import Images

@Suite("Qualities beyond high")
struct ExtraQualityTests {
  /// What a shipped model of OpenAI's is asked for, at what price, and what is said of it.
  private static func asked(
    _ id: String, _ quality: String?
  ) throws -> (wire: String?, price: Double?, notes: [String]) {
    let catalog = try CatalogSupport.shipped(["OPENAI_API_KEY": "sk-1"]).images
    let models = try #require(catalog.providers.first { $0.name == "openai" }).models
    let model = try #require(models.first { $0.id == id })
    var request = ImageRequest(prompt: "a fox")
    request.size = ImageSize("1024x1024")
    request.quality = quality
    var ledger = ParameterLedger(
      ImageJob(request: request, model: model, count: 1, idempotencyKey: "k"))
    let wire = ledger.wireQuality()
    return (wire, model.quote(request).price, ledger.adjusted.filter { $0.hasPrefix("quality") })
  }

  @Test(
    "are asked for as they are, of the models that have them, at their price",
    arguments: [("xhigh", 0.09366), ("max", 0.21072), ("high", 0.05268)])
  func known(word: String, price: Double) throws {
    for id in ["gpt-image-2.5-flare", "gpt-image-2.5-sunburst-2026-09-08"] {
      let asked = try Self.asked(id, word)
      #expect(asked.wire == word && asked.price == price && asked.notes.isEmpty)
    }
  }

  @Test("are the best that another model has, which is said", arguments: ["xhigh", "max"])
  func unknown(word: String) throws {
    let old = try Self.asked("gpt-image-2", word)
    #expect(old.wire == "high" && old.price == 0.211)
    #expect(old.notes == ["quality: high in place of \(word)"])
    let older = try Self.asked("dall-e-3", word)
    #expect(older.wire == "hd" && older.notes == ["quality: hd in place of \(word)"])
  }

  @Test("are no part of an estimate for who has not asked for them", arguments: [nil, "auto"])
  func unasked(word: String?) throws {
    #expect(try Self.asked("gpt-image-2.5-flare", word).price == 0.05268)
  }
}
