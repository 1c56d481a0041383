import EventLoop
import Foundation
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Stability", .bounded, .timeLimit(.minutes(10)))
struct StabilityTests {
  private static func trial(_ wireID: String) -> AdapterTrial {
    var model = ImageModel(
      id: wireID, provider: "stability", dialect: .generic, maxCount: 1,
      capabilities: [.edit, .mask, .seed, .guidance, .negativePrompt, .outputFormat],
      styles: ["anime"])
    model.wireID = wireID
    return AdapterTrial(name: "stability", format: .stability, model: model)
  }

  /// The fields of a form, in order, with `FILE` for a file's bytes.
  private static func fields(_ request: SimulatorRequest) throws -> [String] {
    let type = try #require(request.header("content-type"))
    let boundary = try #require(type.split(separator: "=").last)
    #expect(type.hasPrefix("multipart/form-data; boundary="))
    return String(decoding: request.body, as: UTF8.self)
      .components(separatedBy: "--\(boundary)").dropFirst().dropLast()
      .map { part in
        let name = part.components(separatedBy: "name=\"")[1].components(separatedBy: "\"")[0]
        let value = part.components(separatedBy: "\r\n\r\n").dropFirst().joined(
          separator: "\r\n\r\n")
        return part.contains("filename=") ? "\(name)=FILE" : "\(name)=\(value.dropLast())"
      }
  }

  @Test(
    "each service is asked in its own words",
    arguments: [
      (
        "core", "generate/core", "seed=7 style_preset=anime output_format=webp",
        ["size", "guidance"]
      ),
      (
        "ultra", "generate/ultra", "seed=7 style_preset=anime output_format=webp",
        ["size", "guidance"]
      ),
      (
        "sd3.5-large", "generate/sd3",
        "model=sd3.5-large mode=text-to-image seed=7 cfg_scale=10.0 style_preset=anime",
        ["size", "guidance", "output_format"]
      ),
    ] as [(String, String, String, [String])])
  func generate(model: String, path: String, own: String, adjusted: [String]) async throws {
    var request = ImageRequest(prompt: "a fox")
    request.negativePrompt = "rain"
    request.size = ImageSize("1792x1024")
    request.seed = 7
    request.guidance = 20
    request.style = "anime"
    request.outputFormat = "webp"
    let outcome = try await Self.trial(model).run(request)
    let sent = try #require(outcome.requests.first)
    #expect(sent.method == "POST")
    #expect(sent.path == "/stability/v2beta/stable-image/\(path)")
    #expect(sent.authorization == "Bearer test-key")
    #expect(sent.header("accept") == "application/json")
    let wanted =
      ["prompt=a fox", "negative_prompt=rain", "aspect_ratio=16:9"]
      + own.split(separator: " ").map(String.init)
    #expect(Set(try Self.fields(sent)) == Set(wanted))
    let answer = try #require(outcome.answer)
    #expect(answer.pictures.map(\.format) == [.png])
    #expect(answer.pictures.first?.seed == 7)
    #expect(Set(answer.adjusted.map { String($0.prefix { $0 != ":" }) }) == Set(adjusted))
    #expect(outcome.accepted == 1)
  }

  @Test(
    "an edit goes to image-to-image, and with a mask to Inpaint",
    arguments: [
      (
        "sd3.5-large", false, "generate/sd3",
        "model=sd3.5-large image=FILE mode=image-to-image strength=0.7"
      ),
      ("ultra", false, "generate/ultra", "image=FILE strength=0.7"),
      ("sd3.5-large", true, "edit/inpaint", "image=FILE mask=FILE"),
      ("core", true, "edit/inpaint", "image=FILE mask=FILE"),
    ] as [(String, Bool, String, String)])
  func edit(model: String, masked: Bool, path: String, own: String) async throws {
    var request = ImageRequest(prompt: "blue")
    request.operation = .edit
    request.size = ImageSize("1024x1024")
    request.images = [try WireFixture.picture(), try WireFixture.picture()]
    request.mask = masked ? try WireFixture.picture() : nil
    let outcome = try await Self.trial(model).run(request)
    let sent = try #require(outcome.requests.first)
    #expect(sent.path == "/stability/v2beta/stable-image/\(path)")
    #expect(
      Set(try Self.fields(sent))
        == Set(["prompt=blue"] + own.split(separator: " ").map(String.init)))
    let answer = try #require(outcome.answer)
    #expect(answer.adjusted.map { $0.prefix { $0 != ":" } } == ["image", "size"])
  }

  @Test("what a model has no service for is not sent")
  func unknown() async throws {
    var request = ImageRequest(prompt: "blue")
    request.operation = .edit
    request.images = [try WireFixture.picture()]
    let outcome = try await Self.trial("core").run(request)
    #expect(outcome.failure?.kind == .notFound)
    #expect(outcome.requests.isEmpty)
  }

  @Test("seeds out of range are brought into it, and told", arguments: [0, 4_294_967_295])
  func seeds(seed: Int) async throws {
    var request = ImageRequest(prompt: "a fox")
    request.seed = seed
    let answer = try #require(try await Self.trial("core").run(request).answer)
    #expect(answer.adjusted.count == 1)
    #expect(answer.adjusted.first?.hasPrefix("seed:") == true)
  }

  @Test(
    "failures are sorted into classes",
    arguments: FaultCase.common + [
      FaultCase(403, #"{"id":"x","name":"content_moderation","errors":["no"]}"#, .refused),
      FaultCase(403, #"{"id":"x","name":"forbidden","errors":["no"]}"#, .badKey),
      FaultCase(402, #"{"id":"x","name":"payment_required","errors":["no"]}"#, .outOfCredit),
      FaultCase(422, #"{"id":"x","name":"invalid","errors":["no"]}"#, .badRequest),
      FaultCase(
        429, #"{"id":"x","name":"rate_limit_exceeded","errors":["no"]}"#, .rateLimited,
        waits: .seconds(60)),
      FaultCase(200, #"{"image":"%%%","finish_reason":"SUCCESS"}"#, .malformed, paid: true),
      FaultCase(200, #"{"image":"","finish_reason":"SUCCESS"}"#, .malformed, paid: true),
      FaultCase(200, #"{"finish_reason":"CONTENT_FILTERED"}"#, .refused, paid: true),
    ])
  func failures(fault: FaultCase) async throws { try await fault.check(Self.trial("core")) }

  @Test("a documented refusal says why")
  func recorded() async throws {
    let answer = try WireFixture.answer("stability/403-moderation")
    let failure = await #expect(throws: ImageFailure.self) {
      _ = try await AdapterHarness.withLink { try StabilityAdapter.decode(answer, over: $0.value) }
    }
    #expect(failure?.kind == .refused)
    #expect(failure?.code == "content_moderation")
    #expect(failure?.message.contains("flagged by our content moderation") == true)
  }

  @Test(
    "the provider's own refusals are told apart",
    arguments: [
      ("something forbidden", "test-key", .refused, 0), ("to be blurred", "test-key", .refused, 1),
      ("a fox", "bad-key", .badKey, 0),
    ] as [(String, String, ImageFailure.Kind, Int)])
  func refusals(
    prompt: String, key: String, kind: ImageFailure.Kind, accepted: Int
  ) async throws {
    let outcome = try await Self.trial("core").run(ImageRequest(prompt: prompt), key: key)
    #expect(outcome.failure?.kind == kind)
    #expect(outcome.accepted == accepted)
    #expect(outcome.failure?.mayHaveBeenPaid == (accepted == 1))
  }

  @Test("keys are checked at no cost, and there is no list of models")
  func models() async throws {
    #expect(try await Self.trial("core").models() == nil)
    let failure = await #expect(throws: ImageFailure.self) {
      _ = try await Self.trial("core").models(key: "bad-key")
    }
    #expect(failure?.kind == .badKey)
  }
}
