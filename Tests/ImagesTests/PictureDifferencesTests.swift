import EventLoop
import HTTP
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Pictures that are otherwise than asked for", .bounded, .timeLimit(.minutes(5)))
struct PictureDifferencesTests {
  @Test(
    "are told from the pictures themselves, once",
    arguments: [
      ("png", "64x64", [], []), (nil, nil, [], []),
      ("webp", "64x64", [], ["output_format: png in place of webp"]),
      ("png", "64x32", [], ["size: 64x64 in place of 64x32"]),
      (
        "jpeg", "32x32", [],
        ["output_format: png in place of jpeg", "size: 64x64 in place of 32x32"]
      ),
      (
        "webp", "32x32", ["size: given as aspect ratio 1:1", "output_format: no such parameter"], []
      ),
    ] as [(String?, String?, [String], [String])])
  func notes(format: String?, size: String?, told: [String], notes: [String]) throws {
    let picture = try AdapterProbe.picture()
    let image = GeneratedImage(bytes: picture.bytes, format: picture.format)
    var request = ImageRequest(prompt: "x")
    request.outputFormat = format
    request.size = size.flatMap(ImageSize.init(_:))
    #expect(PictureDifferences.notes(on: [image], of: request, told: told) == notes)
    #expect(PictureDifferences.notes(on: [], of: request, told: []).isEmpty)
  }

  @Test("stand in the answer, though the provider took the request as it was")
  func answer() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let openAI = try AdapterHarness.provider(
        "openai", .openAI, ImageModel(id: "gpt-image-1", provider: "openai"),
        at: simulator.baseURL)
      var request = ImageRequest(prompt: "a fox")
      request.size = ImageSize("1024x1024")
      request.outputFormat = "webp"
      let result = try await ImagePipeline(ImageCatalog(providers: [openAI]))
        .generate(request, client: client.value)
      // The simulator draws PNG whatever it is asked for.
      #expect(result.adjusted == ["output_format: png in place of webp"])
    }
  }
}
