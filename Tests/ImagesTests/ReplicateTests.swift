import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Replicate", .bounded, .timeLimit(.minutes(10)))
struct ReplicateTests {
  static let replicate = JobProvider(
    name: "replicate", format: .replicate, cancels: true, model: model("easel/landscape"))

  static func model(
    _ wireID: String,
    capabilities: Set<ImageCapability> = [.seed, .steps, .guidance, .outputFormat],
    sizes: SizeSupport = .ratios(["1:1", "16:9", "3:2"].compactMap(AspectRatio.init(_:))),
    pricing: Pricing = Pricing(.unknown), options: [String: String] = [:]
  ) -> ImageModel {
    var model = ImageModel(
      id: "landscape", provider: "replicate", sizes: sizes, maxCount: 4, pricing: pricing,
      capabilities: capabilities)
    model.wireID = wireID
    model.options = options
    return model
  }

  @Test("the request is what the documentation asks for")
  func request() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.size = ImageSize("1792x1024")
      request.seed = 42
      request.steps = 4
      request.guidance = 3.5
      request.outputFormat = "jpeg"
      request.negativePrompt = "rain"
      request.style = "vivid"
      let result = try await Self.replicate.draw(
        simulator, request,
        model: Self.model(
          "easel/landscape",
          options: ["go_fast": "false", "megapixels": "\"0.25\"", "x_field": "y"]),
        count: 2, client.value)
      #expect(result.pictures.count == 2)
      #expect(result.answer.pictures.allSatisfy { $0.seed == 42 })
      #expect(result.answer.adjusted.count == 3)
      for word in ["negative_prompt: put", "size: aspect ratio 16:9", "style: "] {
        #expect(result.answer.adjusted.contains { $0.hasPrefix(word) }, "\(word)")
      }
      let sent = try #require(simulator.requests("replicate").first)
      #expect(sent.method == "POST")
      #expect(sent.path == "/replicate/models/easel/landscape/predictions")
      #expect(sent.authorization == "Bearer test-key")
      #expect(sent.header("content-type") == "application/json")
      #expect(sent.header("prefer") == "wait=5")
      #expect(sent.header("cancel-after")?.hasSuffix("s") == true)
      let body = String(decoding: sent.body, as: UTF8.self)
      #expect(
        body == #"{"input":{"prompt":"a fox\nAvoid: rain","aspect_ratio":"16:9","num_outputs":2,"#
          + #""seed":42,"num_inference_steps":4,"guidance":3.5,"output_format":"jpg","#
          + #""go_fast":false,"megapixels":"0.25"}}"#)
      let poll = try #require(simulator.requests("replicate.poll").first)
      #expect(poll.path.hasPrefix("/replicate/predictions/job-"))
      #expect(poll.authorization == "Bearer test-key")
    }
  }

  @Test(
    "names on the wire choose the endpoint",
    arguments: [
      ("owner/name", "models/owner/name/predictions", nil),
      ("deployments/owner/name", "deployments/owner/name/predictions", nil),
      (String(repeating: "0a", count: 32), "predictions", String(repeating: "0a", count: 32)),
      (
        "owner/name:" + String(repeating: "0a", count: 32), "predictions",
        String(repeating: "0a", count: 32)
      ),
      ("owner/name:short", "models/owner/name:short/predictions", nil),
    ] as [(String, String, String?)])
  func targets(wireID: String, path: String, version: String?) {
    let target = ReplicateTarget(wireID)
    #expect(target.path == path)
    #expect(target.version == version)
  }

  @Test("a version is named in the body")
  func version() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let version = String(repeating: "0a", count: 32)
      let result = try await Self.replicate.draw(
        simulator, ImageRequest(prompt: "a fox"), model: Self.model("easel/landscape:" + version),
        client.value)
      // Told in the log only.
      #expect(result.answer.pictures.first?.seed == 7)
      let sent = try #require(simulator.requests("replicate").first)
      #expect(sent.path == "/replicate/predictions")
      #expect(try sent.json()["version"]?.string == version)
    }
  }

  @Test("a prediction that is done within the wait is not asked for")
  func wait() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let pricing = Pricing(.perSecond(0.001, typicalSeconds: 2))
      let result = try await Self.replicate.draw(
        simulator, ImageRequest(prompt: "a quick fox"),
        model: Self.model("easel/landscape", pricing: pricing), client.value)
      #expect(result.pictures.count == 1)
      #expect(result.answer.cost == 0.0025)
      #expect(simulator.requests("replicate.poll").isEmpty)
    }
  }

  @Test("pictures to change are sent in place, large ones by upload", arguments: [true, false])
  func edit(isLarge: Bool) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      let bytes = png + [UInt8](repeating: 0, count: isLarge ? 300_000 : 10)
      let image = try #require(InputImage(bytes))
      var request = ImageRequest(prompt: "more rain")
      request.operation = .edit
      request.images = [image, image]
      request.mask = image
      let model = Self.model(
        "easel/flux-2-landscape", capabilities: [.edit, .multipleInputs, .mask],
        sizes: .free(FreeSizes(step: 16, sides: 256...1440)))
      let result = try await Self.replicate.draw(simulator, request, model: model, client.value)
      #expect(result.answer.adjusted.isEmpty)
      let input = try #require(try simulator.requests("replicate").first?.json()["input"])
      let sent = input["input_images"]?.elements.compactMap(\.string) ?? []
      #expect(sent.count == 2)
      let start = isLarge ? "http://127.0.0.1" : "data:image/png;base64,iVBOR"
      for address in sent + [input["mask"]?.string ?? ""] { #expect(address.hasPrefix(start)) }
      let uploads = simulator.requests("replicate.files")
      #expect(uploads.count == (isLarge ? 3 : 0))
      for upload in uploads { #expect(upload.authorization == "Bearer test-key") }
    }
  }

  @Test("fields are named by the model's options, and by its family")
  func fields() throws {
    var request = ImageRequest(prompt: "a fox")
    request.operation = .edit
    request.size = ImageSize("1000x500")
    request.guidance = 2
    request.steps = 9
    func input(_ wireID: String, _ options: [String: String]) throws -> JSONSlice {
      let model = Self.model(
        wireID, capabilities: [.edit, .guidance, .steps],
        sizes: .free(FreeSizes(step: 10, sides: 100...2000)), options: options)
      let job = ImageJob(request: request, model: model, count: 3, idempotencyKey: "k")
      let files = ReplicateEncoder.Files(pictures: ["data:,a", "data:,b"])
      let encoder = ReplicateEncoder(job, files: files)
      let isList = wireID.contains("nano") || options["image_field"]?.hasSuffix("[]") == true
      #expect(encoder.adjusted.isEmpty == isList)
      return try #require(try JSONSlice.parse(encoder.json(version: nil))["input"])
    }
    var sent = try input("a/flux-kontext-pro", ["aspect_ratio": "custom"])
    #expect(sent["input_image"]?.string == "data:,a")
    #expect(sent["width"]?.int == 1000)
    #expect(sent["height"]?.int == 500)
    #expect(sent["aspect_ratio"]?.string == "custom")
    sent = try input("a/nano-banana", ["size_field": "size", "guidance_field": "guidance_scale"])
    #expect(sent["image_input"]?[1]?.string == "data:,b")
    #expect(sent["size"]?.string == "1000x500")
    #expect(sent["guidance_scale"]?.double == 2)
    #expect(sent["guidance"] == nil)
    sent = try input(
      "a/b", ["image_field": "refs[]", "steps_field": "steps", "count_field": "num_images"])
    #expect(sent["refs"]?[0]?.string == "data:,a")
    #expect(sent["steps"]?.int == 9)
    #expect(sent["num_images"]?.int == 3)
    request.size = nil
    sent = try input("a/b", ["aspect_ratio": "custom"])
    #expect(sent["aspect_ratio"] == nil)
  }

  @Test(
    "formats that a family does not make are named",
    arguments: [("a/flux-dev", "webp"), ("a/nano-banana", nil), ("a/flux-kontext-pro", nil)])
  func formats(wireID: String, sent: String?) throws {
    var request = ImageRequest(prompt: "a fox")
    request.outputFormat = "webp"
    let job = ImageJob(
      request: request, model: Self.model(wireID), count: 1, idempotencyKey: "k")
    let encoder = ReplicateEncoder(job, files: ReplicateEncoder.Files())
    let input = try JSONSlice.parse(encoder.json(version: nil))["input"]
    #expect(input?["output_format"]?.string == sent)
    #expect(encoder.adjusted.isEmpty == (sent != nil))
  }

  // MARK: Answers

  @Test("recorded predictions are read")
  func recorded() async throws {
    try await AdapterHarness.withLink { link in
      let link = link.value
      let job = ImageJob(
        request: ImageRequest(prompt: "p"), model: Self.model("a/b"), count: 1,
        idempotencyKey: "k")
      let started = try ReplicateDecoder.prediction(
        JobRecording.answer("replicate/starting"), over: link)
      #expect(!ReplicateDecoder.isOver(started))
      let done = try ReplicateDecoder.prediction(
        JobRecording.answer("replicate/succeeded-string-output"), over: link)
      #expect(ReplicateDecoder.isOver(done))
      let answer = try ReplicateDecoder.answer(done, to: job, over: link)
      guard case .url(let url) = try #require(answer.pictures.first).source else {
        Issue.record("no address")
        return
      }
      #expect(url == "https://replicate.delivery/xezq/abc/out-0.webp")
      let failure = #expect(throws: ImageFailure.self) {
        try ReplicateDecoder.prediction(JobRecording.answer("replicate/429"), over: link)
      }
      #expect(failure?.kind == .rateLimited)
      #expect(failure?.retryAfter == .seconds(1))
    }
  }

  @Test(
    "predictions that fail tell why",
    arguments: [
      (#""status":"failed","error":"NSFW content detected. Try again.""#, .refused),
      (
        #""status":"failed","error":"The input or output was flagged as sensitive. (E005)""#,
        .refused
      ),
      (#""status":"failed","error":"CUDA out of memory""#, .malformed),
      (#""status":"failed","error":null"#, .malformed),
      (#""status":"canceled""#, .malformed), (#""status":"aborted""#, .malformed),
      (#""status":"succeeded","output":null"#, .malformed),
      (#""status":"succeeded","output":[]"#, .malformed),
      (#""status":"succeeded","output":["data:image/png;base64,*"]"#, .malformed),
      (#""status":"processing""#, .malformed),
      (#""status":"processing","urls":{"get":"https://evil.example/p"}"#, .malformed),
    ] as [(String, ImageFailure.Kind)])
  func failed(body: String, kind: ImageFailure.Kind) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      simulator.answer("replicate", 201, "{\(body)}")
      let failure = try await Self.replicate.failure(simulator, client.value)
      #expect(failure.kind == kind)
      #expect(failure.mayHaveBeenPaid)
      #expect(simulator.requests.count == 1)
    }
  }

  @Test(
    "problems tell their class",
    arguments: [
      (422, "Input validation failed", "- input.width: must be a number", .badRequest, nil),
      (422, "Input validation failed", "- input.safety_tolerance: too large", .badRequest, nil),
      (422, "Invalid version or not permitted", "no such version", .notFound, nil),
      (402, "Insufficient credit", "You have insufficient credit", .outOfCredit, nil),
      (
        429, "Too many requests", "Request was throttled. Your rate limit resets in ~30s.",
        .rateLimited, .seconds(30)
      ),
    ] as [(Int, String, String, ImageFailure.Kind, Duration?)])
  func problems(
    status: Int, title: String, detail: String, kind: ImageFailure.Kind, pause: Duration?
  ) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      simulator.answer("replicate", status, #"{"title":"\#(title)","detail":"\#(detail)"}"#)
      let failure = try await Self.replicate.failure(simulator, client.value)
      #expect(failure.kind == kind)
      #expect(failure.message == "replicate: \(detail)")
      #expect(failure.retryAfter == pause)
      #expect(!failure.mayHaveBeenPaid)
    }
  }

  @Test(
    "pauses are read from words",
    arguments: [
      ("Your rate limit resets in ~30s.", .seconds(30)),
      ("Expected available in 1 second.", .seconds(1)), ("Try again in 2.5s", .seconds(2.5)),
      ("try again in 2 minutes", .seconds(120)), ("retry in 250ms", .milliseconds(250)),
      ("resets in a while", nil), ("resets in 999999999 seconds", nil), ("", nil),
    ] as [(String, Duration?)])
  func pauses(text: String, pause: Duration?) {
    #expect(RetryAfter.read(words: text) == pause)
  }

  @Test("models are listed from the curated collection")
  func models() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let (adapter, link) = try Self.replicate.link(simulator, client.value)
      #expect(try await adapter.listModels(over: link) == ["easel/landscape"])
    }
  }
}
