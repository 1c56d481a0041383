import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

/// A number that a provider would refuse is brought into its range, and the answer says so.
@Suite("Ranges of parameters", .bounded, .timeLimit(.minutes(10)))
struct ParameterRangeTests {
  @Test(
    "steps are held to those that the model takes",
    arguments: [(60, 12), (12, 12), (4, 4), (1, 2), (500, 12)])
  func steps(wanted: Int, sent: Int) throws {
    var model = ImageModel(
      id: "schnell", provider: "p", pricing: Pricing(.perStep(0.001, defaultSteps: 4)),
      capabilities: [.steps])
    model.steps = 2...12
    var request = ImageRequest(prompt: "a fox")
    request.steps = wanted
    let job = ImageJob(request: request, model: model, count: 1, idempotencyKey: "k")
    let notes = wanted == sent ? [] : ["steps: \(sent) in place of \(wanted)"]
    let fal = FalEncoder(job)
    #expect(try JSONSlice.parse(fal.json())["num_inference_steps"]?.int == sent)
    #expect(fal.adjusted == notes)
    let bfl = BFLEncoder(job)
    #expect(try JSONSlice.parse(bfl.json())["steps"]?.int == sent)
    #expect(bfl.adjusted == notes)
    #expect(LeonardoEncoder(job).adjusted == notes)
    #expect(model.quote(request).price == Double(sent) / 1000)
  }

  @Test(
    "the shipped catalog knows the steps of models whose providers refuse more",
    arguments: [
      ("fal/fal-ai/flux/schnell", 12), ("fal/fal-ai/flux/dev", 50),
      ("replicate/black-forest-labs/flux-schnell", 4), ("replicate/black-forest-labs/flux-dev", 50),
      ("together/black-forest-labs/FLUX.1-schnell", 12), ("bfl/flux-2-flex", 50),
      ("bfl/flux-dev", 50),
    ])
  func shipped(name: String, most: Int) throws {
    let models = try CatalogSupport.shipped().images.providers.flatMap(\.models)
    let model = try #require(models.first { $0.name == name })
    #expect(model.steps == 1...most)
  }

  @Test(
    "seeds are brought into 31 bits for Gemini",
    arguments: [(4_294_967_295, 2_147_483_647), (2_147_483_648, 0), (7, 7), (0, 0)])
  func gemini(wanted: Int, sent: Int) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.seed = wanted
      let answer = try await AdapterProbe.draw(
        try GeminiTests.provider(simulator), request, client.value
      ).get()
      let body = try JSONSlice.parse(try #require(simulator.requests.first).body)
      #expect(body["generationConfig"]?["seed"]?.int == sent)
      #expect(answer.adjusted == (wanted == sent ? [] : ["seed: \(sent) in place of \(wanted)"]))
    }
  }

  @Test(
    "for Imagen they begin with one too",
    arguments: [(4_294_967_295, 2), (2_147_483_647, 2_147_483_647), (0, 1), (7, 7)])
  func imagen(wanted: Int, sent: Int) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.seed = wanted
      let answer = try await AdapterProbe.draw(
        try ImagenTests.provider(simulator, vertex: true), request, client.value
      ).get()
      let body = try JSONSlice.parse(try #require(simulator.requests.first).body)
      #expect(body["parameters"]?["seed"]?.int == sent)
      #expect(answer.adjusted == (wanted == sent ? [] : ["seed: \(sent) in place of \(wanted)"]))
    }
  }
}
