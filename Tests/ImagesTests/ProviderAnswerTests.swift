import EventLoop
import Foundation
@testable import HTTP
import OpenAIWire
import Testing

@testable import Images

@Suite("Answers of image providers")
struct ProviderAnswerTests {
  /// A recorded answer: status, fields and body.
  static func recorded(_ name: String) throws -> ClientAnswer {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/openai/\(name).json", withExtension: nil))
    let object = try JSONSlice.parse(Array(try Data(contentsOf: url)))
    let body = try #require(object["body"])
    return try answer(
      object["status"]?.int ?? 200,
      object["headers"]?.members.map { ($0.key, $0.value.string ?? "") } ?? [],
      body.kind == .string ? try #require(body.stringBytes) : Array(body.raw))
  }

  static func answer(
    _ status: Int, _ headers: [(String, String)], _ body: [UInt8]
  ) throws -> ClientAnswer {
    var text = "HTTP/1.1 \(status) X\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    var buffer = ByteBuffer()
    buffer.append(Array((text + "\r\n").utf8).span)
    var parser = ResponseHeadParser(limits: .response)
    return ClientAnswer(head: try #require(try parser.parse(&buffer)), body: body)
  }

  @Test(
    "pictures are read from recorded answers",
    arguments: [("openai-image", 2), ("openai-image-edit", 1), ("gpt-image-usage", 1)])
  func pictures(name: String, count: Int) async throws {
    let answer = try await AdapterHarness.withLink { link in
      try OpenAIImagesDecoder.decode(try Self.recorded(name), over: link.value)
    }
    #expect(answer.pictures.count == count)
    for item in answer.pictures {
      guard case .bytes(let bytes) = item.source else {
        Issue.record("no bytes")
        continue
      }
      #expect(ImageFormat(sniffing: bytes) == .png)
      #expect(ImageFormat.png.size(of: bytes) == ImageSize("4x4"))
    }
  }

  @Test(
    "failures are sorted into classes",
    arguments: [
      ("200-empty-data", .malformed), ("401-invalid-key", .badKey),
      ("429-rate-limit-retry-after", .rateLimited), ("500-server-error", .overloaded),
      ("503-html-body", .overloaded),
    ] as [(String, ImageFailure.Kind)])
  func failures(name: String, kind: ImageFailure.Kind) async throws {
    let answer = try Self.recorded(name)
    let failure = await #expect(throws: ImageFailure.self) {
      _ = try await AdapterHarness.withLink { link in
        try OpenAIImagesDecoder.decode(answer, over: link.value)
      }
    }
    #expect(failure?.kind == kind)
    #expect(failure?.message.contains("sk-") == false)
    if kind == .rateLimited { #expect(failure?.retryAfter == .seconds(12)) }
  }

  @Test(
    "codes beat statuses, and a refusal is the client's to mend",
    arguments: [
      (400, "moderation_blocked", .refused), (400, "content_policy_violation", .refused),
      (429, "insufficient_quota", .outOfCredit), (400, "billing_hard_limit_reached", .outOfCredit),
      (400, "invalid_size", .badRequest), (200, "server_error", .malformed),
      (402, "x", .outOfCredit),
      (404, "x", .notFound), (504, "x", .timedOut),
    ] as [(Int, String, ImageFailure.Kind)])
  func codes(status: Int, code: String, kind: ImageFailure.Kind) async throws {
    let body = "{\"error\":{\"message\":\"m\",\"code\":\"\(code)\"}}"
    let answer = try Self.answer(status, [], Array(body.utf8))
    let failure = await #expect(throws: ImageFailure.self) {
      _ = try await AdapterHarness.withLink { link in
        try OpenAIImagesDecoder.decode(answer, over: link.value)
      }
    }
    #expect(failure?.kind == kind)
    #expect(failure?.isProviders == ![.refused, .badRequest].contains(kind))
  }

  @Test(
    "a model that is not there is the provider's failure, whatever the status says",
    arguments: [
      (
        #"{"error":{"type":"image_generation_user_error","code":"invalid_value","param":"model","#
          + #""message":"The model 'gpt-image-2' does not exist."}}"#, .notFound
      ),
      (
        #"{"error":{"type":"image_generation_user_error","code":null,"param":null,"#
          + #""message":"The model 'gpt-image-2' does not exist."}}"#, .notFound
      ),
      (
        #"{"error":{"type":"invalid_request_error","code":"invalid_value","param":"model","#
          + #""message":"Invalid value: 'gpt-image-9'. Supported values are: 'gpt-image-1'."}}"#,
        .notFound
      ),
      (
        #"{"error":{"type":"invalid_request_error","code":null,"param":null,"#
          + #""message":"The model `gpt-image-2` has been deprecated."}}"#, .notFound
      ),
      (
        #"{"code":"Some requested entity was not found","error":"Model not found: gpt-image-2"}"#,
        .notFound
      ),
      (#"{"error":{"message":"acme/gpt-image-2 is not a valid model ID","code":400}}"#, .notFound),
      // What is wrong with a request is the user's, whatever words tell it.
      (
        #"{"error":{"message":"Validation error for model input: mask: the file was not found in "#
          + #"the form.","param":"mask"}}"#, .badRequest
      ),
      (#"{"error":{"message":"Model gpt-image-2: sampler 'foo' not found"}}"#, .badRequest),
      (
        #"{"error":{"message":"The model gpt-image-2 does not support a mask; the parameter "#
          + #"'mask' is not recognized"}}"#, .badRequest
      ),
      (#"{"error":{"message":"Invalid model parameters: width must be even"}}"#, .badRequest),
      (
        #"{"error":{"message":"Bad prompt: 'a fashion model does not exist here'"}}"#, .badRequest
      ),
      (
        #"{"error":{"message":"The model gpt-image-2 does not exist in size 1x1","param":"size"}}"#,
        .badRequest
      ),
      (
        #"{"error":{"type":"image_generation_user_error","code":"invalid_input_fidelity_model","#
          + #""param":"input_fidelity","message":"input_fidelity is not for this model."}}"#,
        .badRequest
      ),
      (
        #"{"error":{"type":"image_generation_user_error","code":"moderation_blocked","#
          + #""param":null,"message":"Your request was rejected by the safety system."}}"#, .refused
      ),
      (
        #"{"error":{"type":"image_generation_user_error","code":null,"param":"prompt","#
          + #""message":"Your request was rejected by our safety system."}}"#, .refused
      ),
      (
        #"{"error":{"type":"image_generation_user_error","code":"forbidden_by_the_provider","#
          + #""message":"No."}}"#, .refused
      ),
      (
        #"{"error":{"message":"The model does not support the size '1x1'.","param":"size"}}"#,
        .badRequest
      ),
    ] as [(String, ImageFailure.Kind)])
  func models(body: String, kind: ImageFailure.Kind) async throws {
    let answer = try Self.answer(400, [], Array(body.utf8))
    let failure = await #expect(throws: ImageFailure.self) {
      _ = try await AdapterHarness.withLink { link in
        try OpenAIImagesDecoder.decode(answer, over: link.value)
      }
    }
    #expect(failure?.kind == kind)
    #expect(failure?.mayHaveBeenPaid == false)
  }

  @Test(
    "an edge that gave up on its server leaves open whether the picture is charged for",
    arguments: [
      (520, .overloaded, true), (522, .timedOut, true), (524, .timedOut, true),
      // These did not reach the server.
      (521, .overloaded, false), (523, .overloaded, false), (503, .overloaded, false),
    ] as [(Int, ImageFailure.Kind, Bool)])
  func edge(status: Int, kind: ImageFailure.Kind, paid: Bool) async throws {
    let answer = try Self.answer(status, [], Array("<html>error code: \(status)</html>".utf8))
    let failure = await #expect(throws: ImageFailure.self) {
      _ = try await AdapterHarness.withLink { link in
        try OpenAIImagesDecoder.decode(answer, over: link.value)
      }
    }
    #expect(failure?.kind == kind)
    #expect(failure?.mayHaveBeenPaid == paid)
    // An SDK that tries again would pay again.
    #expect(failure?.openAIError.shouldRetry == (paid ? false : nil))
  }

  @Test(
    "each dialect gets the parameters that it takes",
    arguments: [
      ("gpt-image-1", ["quality": "high", "size": "1536x1024"], ["response_format", "style"]),
      (
        "dall-e-3",
        ["quality": "hd", "size": "1792x1024", "style": "vivid", "response_format": "b64_json"], []
      ),
      ("dall-e-2", ["size": "1024x1024", "response_format": "b64_json"], ["quality", "style"]),
      ("grok-imagine-image", ["aspect_ratio": "16:9"], ["size", "style", "quality"]),
      ("stablediffusion", ["size": "1792x1024"], ["quality", "style"]),
    ] as [(String, [String: String], [String])])
  func dialects(model: String, present: [String: String], absent: [String]) throws {
    var request = ImageRequest(prompt: "a fox")
    request.size = ImageSize("1792x1024")
    request.quality = "hd"
    request.style = "vivid"
    request.negativePrompt = "rain"
    let encoder = OpenAIImagesEncoder(
      ImageJob(
        request: request, model: ImageModel(id: model, provider: "p"), count: 1,
        idempotencyKey: "k"))
    let body = try JSONSlice.parse(encoder.json())
    for (key, value) in present { #expect(body[key]?.string == value, "\(key)") }
    for key in absent { #expect(body[key] == nil, "\(key)") }
    #expect(body["prompt"]?.string == "a fox\nAvoid: rain")
    #expect(encoder.adjusted.contains { $0.hasPrefix("negative_prompt") })
  }
}
