import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("fal.ai", .bounded, .timeLimit(.minutes(10)))
struct FalTests {
  static let fal = JobProvider(
    name: "fal", format: .fal, cancels: true, model: model("easel/landscape/dev"))

  static func model(
    _ wireID: String,
    capabilities: Set<ImageCapability> = [.seed, .steps, .guidance, .outputFormat],
    sizes: SizeSupport = .free(FreeSizes(step: 8, sides: 64...2048)),
    options: [String: String] = [:]
  ) -> ImageModel {
    var model = ImageModel(
      id: "landscape", provider: "fal", sizes: sizes, maxCount: 4, capabilities: capabilities)
    model.wireID = wireID
    model.options = options
    return model
  }

  @Test("the request is what the documentation asks for")
  func request() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.size = ImageSize("1001x500")
      request.seed = 42
      request.steps = 4
      request.guidance = 3.5
      request.outputFormat = "webp"
      request.background = "transparent"
      let result = try await Self.fal.draw(
        simulator, request,
        model: Self.model("easel/landscape/dev", options: ["enable_safety_checker": "true"]),
        count: 2, client.value)
      #expect(result.pictures.count == 2)
      #expect(ImageFormat.png.size(of: result.pictures[0]) == ImageSize("1008x504"))
      #expect(result.answer.pictures.allSatisfy { $0.seed == 42 })
      let notes = result.answer.adjusted
      #expect(notes.count == 3)
      for word in ["size: 1008x504 in", "background: ", "output_format: landscape makes png"] {
        #expect(notes.contains { $0.hasPrefix(word) }, "\(word)")
      }
      let sent = try #require(simulator.requests("fal").first)
      #expect(sent.method == "POST")
      #expect(sent.path == "/fal/easel/landscape/dev")
      #expect(sent.authorization == "Key test-key")
      #expect(sent.header("content-type") == "application/json")
      #expect(
        Int(sent.header("x-fal-request-timeout") ?? "").map { (1...120).contains($0) } == true)
      #expect(
        String(decoding: sent.body, as: UTF8.self)
          == #"{"prompt":"a fox","image_size":{"width":1008,"height":504},"num_images":2,"#
          + #""seed":42,"num_inference_steps":4,"guidance_scale":3.5,"#
          + #""enable_safety_checker":true}"#)
      // The addresses that were told, not made of the endpoint.
      let poll = try #require(simulator.requests("fal.poll").first)
      #expect(poll.path.hasPrefix("/fal/easel/landscape/requests/job-"))
      #expect(poll.authorization == "Key test-key")
      #expect(simulator.requests("fal.result").first?.authorization == "Key test-key")
    }
  }

  @Test("shapes, edits and sizes in words follow the model")
  func fields() throws {
    let image = try #require(InputImage([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    var request = ImageRequest(prompt: "a fox")
    request.size = ImageSize("1792x1024")
    func encoder(_ model: ImageModel) -> FalEncoder {
      FalEncoder(ImageJob(request: request, model: model, count: 1, idempotencyKey: "k"))
    }
    func input(_ model: ImageModel) throws -> JSONSlice {
      try JSONSlice.parse(encoder(model).json())
    }
    let ratios = SizeSupport.ratios(["1:1", "16:9"].compactMap(AspectRatio.init(_:)))
    var sent = try input(Self.model("a/b", sizes: ratios, options: ["resolution": "2K"]))
    #expect(sent["aspect_ratio"]?.string == "16:9")
    #expect(sent["resolution"]?.string == "2K")
    #expect(sent["image_size"] == nil)
    #expect(sent["num_images"] == nil)
    var gpt = ImageModel(id: "gpt-image-1", provider: "fal")
    request.quality = "high"
    request.outputFormat = "webp"
    sent = try input(gpt)
    #expect(sent["image_size"]?.string == "1536x1024")
    #expect(sent["quality"]?.string == "high")
    #expect(sent["output_format"]?.string == "webp")
    request.operation = .edit
    request.images = [image, image]
    request.mask = image
    gpt.options = ["edit_endpoint": "a/gpt-image-1/edit"]
    sent = try input(gpt)
    #expect(encoder(gpt).endpoint == "a/gpt-image-1/edit")
    #expect(sent["edit_endpoint"] == nil)
    #expect(sent["image_urls"]?.elements.compactMap(\.string).count == 2)
    #expect(sent["mask_image_url"]?.string?.hasPrefix("data:image/png;base64,") == true)
    request.quality = nil
    request.outputFormat = nil
    let single = Self.model("a/b", capabilities: [.edit], options: ["image_field": "picture"])
    sent = try input(single)
    #expect(encoder(single).endpoint == "a/b")
    #expect(sent["picture"]?.string == image.dataURI)
    #expect(sent["mask_url"] == nil)
    #expect(encoder(single).adjusted.contains { $0.hasPrefix("mask: ") })
    #expect(encoder(single).adjusted.contains { $0.hasPrefix("image: ") })
  }

  // MARK: Answers

  @Test("recorded answers of the queue are no end", arguments: ["in_queue", "in_progress"])
  func recorded(name: String) async throws {
    try await AdapterHarness.withLink { link in
      let answer = try JobRecording.answer("fal/queue-\(name)")
      let status = try FalDecoder.object(answer, over: link.value)
      #expect(status["status"]?.string == name.uppercased())
      #expect(try FalDecoder.result(answer, over: link.value) == nil)
    }
  }

  @Test("what the safety checker has blackened is left out, and refused where nothing is left")
  func flagged() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let result = try await Self.fal.draw(
        simulator, ImageRequest(prompt: "a naked fox"), count: 3, client.value)
      #expect(result.pictures.count == 2)
      #expect(result.answer.adjusted == ["n: the safety checker has withheld 1 of 3"])
      let failure = try await Self.fal.failure(simulator, prompt: "all naked", client.value)
      #expect(failure.kind == .refused)
      #expect(failure.mayHaveBeenPaid)
    }
  }

  @Test("a policy's refusal has its code")
  func policy() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let failure = try await Self.fal.failure(simulator, prompt: "forbidden", client.value)
      #expect(failure.kind == .refused)
      #expect(failure.code == "content_policy_violation")
      #expect(failure.message == "fal: prompt: The content was flagged by a content checker.")
      #expect(simulator.requests("fal.result").count == 1)
    }
  }

  @Test(
    "submissions that fail tell why",
    arguments: [
      (403, #""User is locked. Reason: Exhausted balance. Top up.""#, .outOfCredit),
      (403, #""User is locked. Reason: TOP_UP.""#, .outOfCredit),
      (403, #""User is locked. Reason: Admin lock.""#, .badKey),
      (422, #"[{"loc":["body","seed"],"msg":"too big","type":"value_error"}]"#, .badRequest),
      (422, #"[{"loc":["body"],"msg":"x","type":"content_policy_violation"}]"#, .refused),
      (422, #"[{"loc":["body"],"msg":"x","type":"no_media_generated"}]"#, .malformed),
      (429, #""Too many requests, try again in 3 seconds""#, .rateLimited),
    ] as [(Int, String, ImageFailure.Kind)])
  func problems(status: Int, detail: String, kind: ImageFailure.Kind) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      simulator.answer("fal", status, #"{"detail":\#(detail)}"#)
      let failure = try await Self.fal.failure(simulator, client.value)
      #expect(failure.kind == kind)
      #expect(!failure.mayHaveBeenPaid)
      #expect(failure.retryAfter == (status == 429 ? .seconds(3) : nil))
    }
  }

  @Test(
    "results that fail tell why, and servers on the way are asked again",
    arguments: [
      (
        500, #"{"detail":[{"loc":["body"],"msg":"x","type":"internal_server_error"}]}"#, .overloaded
      ),
      (504, #"{"detail":"Request timed out","error_type":"request_timeout"}"#, .timedOut),
      (422, #"{"detail":[{"loc":["body","x"],"msg":"bad","type":"value_error"}]}"#, .badRequest),
      (404, #"{"detail":"gone"}"#, .notFound), (200, #"{"images":[]}"#, .malformed),
      (200, #"{"images":[{"width":1}]}"#, .malformed), (200, "[]", nil), (200, "{}", nil),
      (502, "<html>", nil), (503, "{}", nil), (429, #"{"detail":"slow"}"#, nil), (202, "{}", nil),
    ] as [(Int, String, ImageFailure.Kind?)])
  func results(status: Int, body: String, kind: ImageFailure.Kind?) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      simulator.answer("fal.result", status, body)
      if let kind {
        let failure = try await Self.fal.failure(simulator, client.value)
        #expect(failure.kind == kind)
        #expect(failure.mayHaveBeenPaid == (status < 500))
        #expect(simulator.requests("fal.result").count == 1)
      } else {
        let result = try await Self.fal.draw(
          simulator, ImageRequest(prompt: "a fox"), client.value)
        #expect(result.pictures.count == 1)
        #expect(simulator.requests("fal.result").count == 2)
      }
      #expect(simulator.jobs["fal"]?.accepted == 1)
    }
  }

  @Test("addresses elsewhere are not asked", arguments: ["status_url", "response_url"])
  func addresses(name: String) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let good = simulator.url("fal") + "/a/b/requests/1"
      let other = name == "status_url" ? "response_url" : "status_url"
      for bad in ["https://evil.example/a", "https://evilfal.run/a", "http://queue.fal.run/a", ""] {
        simulator.answer("fal", 200, #"{"\#(name)":"\#(bad)","\#(other)":"\#(good)"}"#)
        let failure = try await Self.fal.failure(simulator, client.value)
        #expect(failure.kind == .malformed)
      }
      #expect(simulator.requests.count == 4)
    }
  }

  @Test("models are listed, and keys checked, at the platform's own address")
  func models() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let options = ["platformURL": simulator.url("fal") + "/models/.."]
      var (adapter, link) = try Self.fal.link(simulator, client.value)
      #expect(try await adapter.listModels(over: link) == ["easel/landscape"])
      #expect(
        simulator.requests.last?.path
          == "/fal/models?category=text-to-image&status=active&limit=100")
      try await adapter.checkKey(over: link)
      #expect(
        simulator.requests.last?.path == "/fal/models/pricing?endpoint_id=easel/landscape/dev")
      (adapter, link) = try Self.fal.link(simulator, options: options, client.value)
      _ = try? await adapter.listModels(over: link)
      #expect(simulator.requests.last?.path.hasPrefix("/fal/models/../models?") == true)
    }
  }
}
