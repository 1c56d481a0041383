import OpenAIWire
import Testing

@testable import Images

@Suite("What gateways tell each other of pictures")
struct SharedRecordsTests {
  private static func full() throws -> ImageRequest {
    var request = ImageRequest(prompt: "a \"fox\"\n\u{1F98A}")
    request.operation = .edit
    request.model = "ultra"
    request.negativePrompt = "rain"
    request.size = ImageSize("1536x1024")
    request.quality = "hd"
    request.style = "vivid"
    request.count = 4
    request.seed = 4_294_967_295
    request.steps = 30
    request.guidance = 6.5
    request.background = "transparent"
    request.outputFormat = "webp"
    request.outputCompression = 50
    request.moderation = "low"
    request.inputFidelity = "high"
    request.user = "me"
    request.images = [try AdapterProbe.picture(), try AdapterProbe.picture(32, 8)]
    request.mask = try AdapterProbe.picture(64, 64)
    request.partialImages = 3
    request.unknownFields = ["loras", "\"x\""]
    request.constraints = ImageConstraints(
      profile: "shop", providers: ["openai", "stability"], keepsSize: true, maxCost: 0.05,
      asksNextAfterRefusal: true)
    return request
  }

  @Test("a request is read as it was written, with all that it has and with nothing")
  func requests() throws {
    let full = try Self.full()
    #expect(ImageRequest(json: full.json) == full)
    #expect(
      full.inputBytes == full.images.reduce(full.mask?.bytes.count ?? 0) { $0 + $1.bytes.count })
    let plain = ImageRequest(prompt: "x")
    #expect(ImageRequest(json: plain.json) == plain)
    var free = ImageRequest(prompt: "")
    free.operation = .variation
    free.constraints.providers = []
    #expect(ImageRequest(json: free.json) == free)
  }

  @Test("what is cut short, or of another kind, is no request")
  func broken() throws {
    let json = try Self.full().json
    for length in stride(from: 0, to: json.count, by: 7) {
      #expect(ImageRequest(json: Array(json.prefix(length))) == nil)
    }
    for text in [
      "{}", "[]", #"{"prompt":"x","operation":"erase","count":1,"constraints":{}}"#,
      #"{"prompt":"x","operation":"edit","count":11,"constraints":{}}"#,
      #"{"prompt":"x","operation":"edit","count":1,"constraints":{},"images":["aGVsbG8="]}"#,
    ] { #expect(ImageRequest(json: Array(text.utf8)) == nil, "\(text)") }
  }

  @Test("pictures that are paid for are read as they were written", arguments: [true, false])
  func kept(isKept: Bool) throws {
    let model = ImageModel(id: "flux", provider: "bfl", pricing: .flat(0.1))
    var image = GeneratedImage.png(100)
    image.revisedPrompt = "a \"red\" fox"
    image.seed = 7
    var other = GeneratedImage.png(50)
    other.format = .webp
    image.size = ImageSize("20x30")
    let result = ImageResult(
      images: [image, other], model: model, cost: 0.00474, usage: Array("{\"a\":1}".utf8),
      adjusted: ["size: 1x1 in place of 2x2"],
      passedOver: [ImageResult.PassedOver(model: "openai/x", reason: "timed_out")])
    let pictures =
      isKept ? ["a", "b"].map { KeptPicture(id: "img_\($0)", url: "https://h/\($0)") } : []
    let written = KeptPictures(result, pictures)
    let read = try #require(KeptPictures(json: try JSONSlice.parse(written.json)))
    #expect(read.isWhole == isKept)
    #expect(read.pictures == pictures)
    #expect(read.result.model.name == "bfl/flux")
    #expect(read.result.cost == 0.00474)
    #expect(read.result.usage == result.usage)
    #expect(read.result.adjusted == result.adjusted)
    #expect(read.result.passedOver == result.passedOver)
    #expect(read.result.images.map(\.revisedPrompt) == ["a \"red\" fox", nil])
    #expect(read.result.images.map(\.seed) == [7, nil])
    #expect(read.result.images.map { $0.size?.description } == ["20x30", nil])
    #expect(read.result.missing == 0)
    #expect(read.result.images.map(\.format) == [.png, .webp])
    #expect(read.result.images.map(\.bytes.count) == [0, 0])
    for text in ["{}", "[]", #"{"provider":"p","model":"m"}"#] {
      #expect(KeptPictures(json: try JSONSlice.parse(Array(text.utf8))) == nil)
    }
  }
}
