import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("AUTOMATIC1111 and Forge", .bounded, .timeLimit(.minutes(10)))
struct Automatic1111Tests {
  static func provider(
    _ simulator: SimulatorServer, checkpoint: String = "sd_xl_base_1.0", key: String? = nil,
    timeout: Duration = .seconds(120), options: [String: String] = [:]
  ) throws -> ImageProvider {
    var model = ImageModel(
      id: "sdxl", provider: "automatic1111", sizes: .free(FreeSizes(step: 8, sides: 64...2048)),
      maxCount: 10,
      pricing: Pricing(.free),
      capabilities: [.edit, .variation, .mask, .seed, .steps, .guidance, .negativePrompt])
    model.wireID = checkpoint
    model.options = options
    return try AdapterHarness.provider(
      "automatic1111", .automatic1111, model, at: simulator.url("automatic1111"), key: key,
      timeout: timeout)
  }

  @Test("a generation is what the documentation asks for")
  func generation() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a fox")
      request.negativePrompt = "rain"
      request.size = ImageSize("515x260")
      request.seed = 7
      request.steps = 30
      request.guidance = 6.5
      request.quality = "hd"
      let options = ["sampler": "Euler", "scheduler": "Karras", "batch_size": "2"]
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator, key: "user:password", options: options), request, count: 3,
        client.value
      ).get()
      // A full second batch; who asked for three takes three.
      #expect(AdapterProbe.sizes(answer) == Array(repeating: "520x264", count: 4))
      #expect(answer.pictures.map(\.seed) == [7, 8, 9, 10])
      #expect(answer.adjusted == ["size: 520x264 in place of 515x260"])
      let sent = try #require(simulator.requests.first)
      #expect(sent.method == "POST")
      #expect(sent.path == "/automatic1111/sdapi/v1/txt2img")
      #expect(sent.authorization == "Basic dXNlcjpwYXNzd29yZA==")
      #expect(
        String(decoding: sent.body, as: UTF8.self)
          == #"{"prompt":"a fox","negative_prompt":"rain","width":520,"height":264,"steps":30,"#
          + #""cfg_scale":6.5,"seed":7,"sampler_name":"Euler","scheduler":"Karras","n_iter":2,"#
          + #""batch_size":2,"override_settings":{"sd_model_checkpoint":"sd_xl_base_1.0"},"#
          + #""send_images":true,"save_images":false,"force_task_id":"job-1"}"#)
      #expect(simulator.jobs["automatic1111"]?.accepted == 1)
    }
  }

  @Test("the model's settings fill in for what is not asked for")
  func defaults() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let options = ["size": "768x512", "steps": "12", "guidance": "3"]
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator, checkpoint: "default", options: options),
        ImageRequest(prompt: "a fox"), client.value
      ).get()
      #expect(AdapterProbe.sizes(answer) == ["768x512"])
      #expect(answer.pictures.first?.seed == 1234)
      let sent = try #require(simulator.requests.first)
      #expect(sent.authorization == nil)
      let body = try JSONSlice.parse(sent.body)
      #expect(body["steps"]?.int == 12)
      #expect(body["cfg_scale"]?.double == 3)
      #expect(body["seed"] == nil)
      #expect(body["override_settings"] == nil)
    }
  }

  @Test(
    "an edit goes by img2img, in the size of its picture",
    arguments: [ImageRequest.Operation.edit, .variation])
  func edit(operation: ImageRequest.Operation) async throws {
    let image = try AdapterProbe.picture(100, 64)
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: operation == .edit ? "a hat" : "")
      request.operation = operation
      request.images = [image, image]
      request.mask = image
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator, options: ["denoising_strength": "0.6"]), request,
        client.value
      ).get()
      #expect(AdapterProbe.sizes(answer) == ["104x64"])
      #expect(answer.adjusted == ["image: the first of 2"])
      let sent = try #require(simulator.requests.first)
      #expect(sent.path == "/automatic1111/sdapi/v1/img2img")
      let body = try JSONSlice.parse(sent.body)
      for field in [body["init_images"]?[0], body["mask"]] {
        #expect(field?.stringBytes.flatMap { Base64.decode($0[...]) } == image.bytes)
      }
      #expect(body["denoising_strength"]?.double == 0.6)
      // Transparent parts are to change, where the server changes opaque ones.
      #expect(body["inpainting_mask_invert"]?.int == 1)
    }
  }

  private static func answer(_ info: String) -> String {
    #"{"images":["aGVsbG8=","data:image/png;base64,eA=="],"parameters":{},"info":"\#(info)"}"#
  }

  @Test(
    "seeds and grids are told by what stands in the info",
    arguments: [
      (#"{\"seed\":5,\"all_seeds\":[5,6],\"index_of_first_image\":0}"#, [5, 6]),
      (#"{\"seed\":5,\"all_seeds\":[5],\"index_of_first_image\":1}"#, [5]),
      (#"{\"seed\":5}"#, [5, nil]), ("not JSON", [nil, nil]), ("", [nil, nil]),
    ] as [(String, [Int?])])
  func info(info: String, seeds: [Int?]) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var fault = SimulatorFault()
      fault.status = 200
      fault.body = Self.answer(info)
      simulator.queue(fault, route: "automatic1111")
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator), ImageRequest(prompt: "a fox"), client.value
      ).get()
      #expect(answer.pictures.map(\.seed) == seeds)
    }
  }

  static let table: [ProbeCase] = [
    .answer(500, #"{"error":"OutOfMemoryError","errors":"CUDA out of memory."}"#, .overloaded),
    .answer(500, #"{"error":"RuntimeError","errors":"Unknown checkpoint: x"}"#, .notFound),
    .answer(500, #"{"error":"ValueError","errors":"boom"}"#, .overloaded),
    .answer(422, #"{"detail":[{"loc":["body"],"msg":"bad","type":"x"}]}"#, .badRequest),
    .answer(404, #"{"detail":"Not Found"}"#, .notFound),
    .answer(401, #"{"detail":"Not authenticated"}"#, .badKey),
    .answer(200, "{}", .malformed), .answer(200, #"{"images":[],"info":""}"#, .malformed),
    .answer(200, #"{"images":["%"]}"#, .malformed), .answer(200, #"{"images":[7]}"#, .malformed),
  ]

  @Test("every way to fail has its class")
  func failures() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      await AdapterProbe.check(
        ProbeCase.transport + Self.table, route: "automatic1111", simulator, client.value,
        try Self.provider(simulator))
    }
  }

  @Test(
    "wrong credentials and an unknown checkpoint are told apart",
    arguments: [
      ("user:bad-key", "sd_xl_base_1.0", .badKey), ("bad-key", "sd_xl_base_1.0", .badKey),
      ("user:password", "missing", .notFound),
    ] as [(String, String, ImageFailure.Kind)])
  func wrong(key: String, checkpoint: String, kind: ImageFailure.Kind) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let failure = await AdapterProbe.failure(
        try Self.provider(simulator, checkpoint: checkpoint, key: key),
        ImageRequest(prompt: "a fox"), client.value)
      #expect(failure?.kind == kind)
      #expect(failure?.message.contains(key) == false)
    }
  }

  @Test("checkpoints are the list of models, and check the key")
  func keyCheck() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let adapter = Automatic1111Adapter()
      let link = ProviderLink(
        provider: try Self.provider(simulator, key: "user:password"), client: client.value,
        imageLimit: 1 << 20)
      try await adapter.checkKey(over: link)
      #expect(
        try await adapter.listModels(over: link) == ["sd_xl_base_1.0", "v1-5-pruned-emaonly"])
      let wrong = ProviderLink(
        provider: try Self.provider(simulator, key: "user:bad"), client: client.value,
        imageLimit: 1 << 20)
      let failure = await #expect(throws: ImageFailure.self) {
        try await adapter.checkKey(over: wrong)
      }
      #expect(failure?.kind == .badKey)
      #expect(simulator.requests.allSatisfy { $0.path == "/automatic1111/sdapi/v1/sd-models" })
    }
  }

  // MARK: Leaving

  @Test("a client that leaves, and a deadline, interrupt the task", arguments: [true, false])
  func interrupts(cancels: Bool) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let loop = client.loop
      let provider = try Self.provider(
        simulator, timeout: cancels ? .seconds(120) : .seconds(4))
      let ended = LoopEvent<ImageFailure?>()
      let task = loop.spawn {
        ended.fire(
          await AdapterProbe.failure(provider, ImageRequest(prompt: "slowly"), client.value))
      }
      try await eventually("the task is accepted") {
        simulator.jobs["automatic1111"]?.accepted == 1
      }
      if cancels { task.cancel() }
      #expect(await ended.wait()?.kind == (cancels ? .cancelled : .timedOut))
      try await eventually("the task is interrupted") {
        simulator.jobs["automatic1111"]?.cancelled == 1
      }
      #expect(
        simulator.requests.map(\.path).suffix(2) == [
          "/automatic1111/sdapi/v1/progress?skip_current_image=true",
          "/automatic1111/sdapi/v1/interrupt",
        ])
    }
  }

  @Test("another's task is left alone")
  func another() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let loop = client.loop
      let other = try ClientRequest(
        .post, HTTPURL(simulator.url("automatic1111") + "/sdapi/v1/txt2img"),
        body: Array(#"{"prompt":"slowly","force_task_id":"other"}"#.utf8))
      let first = loop.spawn { _ = try? await client.value.send(other, bodyLimit: 1 << 24) }
      try await eventually("the task is accepted") {
        simulator.jobs["automatic1111"]?.accepted == 1
      }
      let provider = try Self.provider(simulator)
      let second = loop.spawn {
        _ = await AdapterProbe.failure(provider, ImageRequest(prompt: "a fox"), client.value)
      }
      try await eventually("both have asked") { simulator.openCount == 2 }
      second.cancel()
      try await eventually("the task is looked for, and its own request over") {
        simulator.requests.last?.route == "automatic1111.poll" && simulator.openCount == 1
      }
      // What would follow the progress follows at once: a round trip later it would be here.
      let link = ProviderLink(provider: provider, client: client.value, imageLimit: 1 << 20)
      try await Automatic1111Adapter().checkKey(over: link)
      #expect(simulator.requests.contains { $0.route == "automatic1111.cancel" } == false)
      #expect(simulator.jobs["automatic1111"]?.cancelled == 0)
      first.cancel()
    }
  }
}
