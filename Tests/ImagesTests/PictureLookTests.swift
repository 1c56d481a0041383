import EventLoop
import HTTP
import OpenAIWire
import Testing

@testable import Images

@Suite("How pictures were drawn, as their answers say")
struct PictureLookTests {
  private static let usage =
    #"{"total_tokens":101,"input_tokens":50,"output_tokens":51,"#
    + #""input_tokens_details":{"text_tokens":10,"image_tokens":40}}"#

  private static func decoded(_ look: String) async throws -> ProviderAnswer {
    let body = #"{"created":1,\#(look)"data":[{"b64_json":"iVBORw0KGgo="}],"usage":\#(usage)}"#
    return try await AdapterHarness.withLink { link in
      let answer = try ProviderAnswerTests.answer(200, [], Array(body.utf8))
      return try OpenAIImagesDecoder.decode(answer, over: link.value)
    }
  }

  private static func result(_ answer: ProviderAnswer, count: Int = 1) -> ImageResult {
    var image = GeneratedImage(bytes: [1], format: .png)
    image.look = answer.look
    return ImageResult(
      images: Array(repeating: image, count: count), model: ImageModel(id: "m", provider: "p"),
      usage: answer.usage, adjusted: [], passedOver: [])
  }

  @Test("what the provider says, the client is told: whole, in a stream, and once more")
  func told() async throws {
    let answer = try await Self.decoded(#""quality":"high","background":"opaque","#)
    let result = Self.result(answer)
    let body = try JSONSlice.parse(ImagesAnswer(result, ids: ["i"], created: 1).body(urls: nil))
    #expect(body["quality"]?.string == "high" && body["background"]?.string == "opaque")
    let event = ImagesAnswer(result, ids: ["i"], created: 1).completed(0, operation: .generate)
    let completed = try JSONSlice.parse(event.data)
    #expect(completed["quality"]?.string == "high")
    #expect(completed["background"]?.string == "opaque")
    let partial = ImagesAnswer.partial(
      PartialImage(index: 0, bytes: [1], look: answer.look), operation: .generate, created: 1)
    #expect(String(decoding: partial, as: UTF8.self).contains(#""quality":"high""#))
    let kept = try #require(
      KeptPictures(json: try JSONSlice.parse(KeptPictures(result, []).json)))
    #expect(kept.result.images.map(\.look) == [answer.look])
  }

  @Test(
    "what it does not say, or in no word that SDKs know, is not there, or auto in a stream",
    arguments: ["", #""quality":null,"background":7,"#, #""quality":"<b>","#])
  func silent(look: String) async throws {
    let result = Self.result(try await Self.decoded(look))
    let body = try JSONSlice.parse(ImagesAnswer(result, ids: ["i"], created: 1).body(urls: nil))
    #expect(body["quality"] == nil && body["background"] == nil)
    let event = ImagesAnswer(result, ids: ["i"], created: 1).completed(0, operation: .edit)
    let completed = try JSONSlice.parse(event.data)
    #expect(completed["quality"]?.string == "auto" && completed["background"]?.string == "auto")
  }

  @Test("the events of a stream tell its usage once, all of them together")
  func usageOfSeveral() async throws {
    let result = Self.result(try await Self.decoded(""), count: 3)
    let answer = ImagesAnswer(result, ids: ["a", "b", "c"], created: 1)
    var sums = (total: 0, text: 0, images: 0)
    for index in 0..<3 {
      let event = try JSONSlice.parse(answer.completed(index, operation: .generate).data)
      let usage = try #require(event["usage"])
      sums.total += usage["total_tokens"]?.int ?? 0
      sums.text += usage["input_tokens_details"]?["text_tokens"]?.int ?? 0
      sums.images += usage["input_tokens_details"]?["image_tokens"]?.int ?? 0
    }
    #expect(sums == (101, 10, 40))
  }
}
