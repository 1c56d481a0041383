import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("ComfyUI", .bounded, .timeLimit(.minutes(10)))
struct ComfyUITests {
  /// As a provider of jobs that can be cancelled.
  static let comfyUI = JobProvider(
    name: "comfyui", format: .comfyUI, cancels: true,
    model: {
      var model = ImageModel(
        id: "sdxl", provider: "comfyui", sizes: .free(FreeSizes(step: 8, sides: 64...2048)),
        pricing: Pricing(.free), capabilities: [.seed])
      model.wireID = "sd_xl_base_1.0.safetensors"
      return model
    }())

  static func provider(
    _ simulator: SimulatorServer, workflow: String? = nil, key: String? = nil,
    checkpoint: String = "sd_xl_base_1.0.safetensors", timeout: Duration = .seconds(120)
  ) throws -> ImageProvider {
    var model = ImageModel(
      id: "sdxl", provider: "comfyui", sizes: .free(FreeSizes(step: 8, sides: 64...2048)),
      maxCount: 4,
      pricing: Pricing(.free),
      capabilities: [.edit, .mask, .seed, .steps, .guidance, .negativePrompt])
    model.wireID = checkpoint
    if let workflow { model.options["workflow"] = workflow }
    return try AdapterHarness.provider(
      "comfyui", .comfyUI, model, at: simulator.url("comfyui"), key: key, timeout: timeout)
  }

  static let editing = """
    {"1":{"class_type":"LoadImage","inputs":{"image":"{{image}}"}},
     "2":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"{{checkpoint}}"}},
     "3":{"class_type":"VAEEncode","inputs":{"pixels":["1",0],"vae":["2",2]}},
     "4":{"class_type":"CLIPTextEncode","inputs":{"text":"{{prompt}}","clip":["2",1]}},
     "5":{"class_type":"KSampler","inputs":{"seed":1,"steps":20,"cfg":7,"sampler_name":"euler",
       "scheduler":"normal","denoise":0.6,"model":["2",0],"positive":["4",0],"negative":["4",0],
       "latent_image":["3",0]}},
     "6":{"class_type":"VAEDecode","inputs":{"samples":["5",0],"vae":["2",2]}},
     "7":{"class_type":"SaveImage","inputs":{"images":["6",0],"filename_prefix":"x"}}}
    """

  @Test("the built-in workflow draws what is asked for")
  func builtIn() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a \"fox\"")
      request.negativePrompt = "rain"
      request.size = ImageSize("512x256")
      request.seed = 7
      request.steps = 30
      request.guidance = 6.5
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator, key: "token"), request, count: 2, client.value
      ).get()
      #expect(AdapterProbe.sizes(answer) == ["512x256", "512x256"])
      #expect(answer.pictures.map(\.seed) == [7, 7])
      #expect(answer.adjusted == [])
      #expect(
        simulator.requests.map { "\($0.method) \($0.route)" } == [
          "POST comfyui", "GET comfyui.poll", "GET comfyui.poll", "GET comfyui.poll",
          "GET comfyui.view", "GET comfyui.view",
        ])
      #expect(simulator.requests.allSatisfy { $0.authorization == "Bearer token" })
      let body = try JSONSlice.parse(try #require(simulator.requests.first).body)
      #expect(body["client_id"]?.string == "job-1")
      #expect(UUID(uuidString: body["prompt_id"]?.string ?? "") != nil)
      let graph = try #require(body["prompt"])
      #expect(graph["6"]?["inputs"]?["text"]?.string == "a \"fox\"")
      #expect(graph["7"]?["inputs"]?["text"]?.string == "rain")
      let sampler = graph["3"]?["inputs"]
      #expect(sampler?["seed"]?.int == 7)
      #expect(sampler?["steps"]?.int == 30)
      #expect(sampler?["cfg"]?.double == 6.5)
      #expect(graph["5"]?["inputs"]?["batch_size"]?.int == 2)
      #expect(
        simulator.requests.last?.path.hasSuffix("&subfolder=a%20b&type=output") == true,
        "previews are passed over")
    }
  }

  @Test("a workflow's missing placeholders are parameters that it does not have")
  func ownWorkflow() async throws {
    let image = try AdapterProbe.picture()
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a hat")
      request.operation = .edit
      request.images = [image]
      request.negativePrompt = "rain"
      request.seed = 7
      request.steps = 30
      request.size = ImageSize("512x512")
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator, workflow: Self.editing), request, client.value
      ).get()
      #expect(
        answer.adjusted == [
          "negative_prompt: put into the prompt", "size: sdxl has no such parameter",
          "seed: sdxl has no such parameter", "steps: sdxl has no such parameter",
        ])
      #expect(answer.pictures.map(\.seed) == [nil])
      let upload = try #require(simulator.requests.first)
      #expect(upload.path == "/comfyui/upload/image")
      let parts = try MultipartParser.parse(
        body: upload.body, contentType: try #require(upload.header("content-type")))
      #expect(parts.map(\.name) == ["image", "type"])
      #expect(parts.first.map { Array($0.bytes) } == image.bytes)
      let graph = try JSONSlice.parse(simulator.requests[1].body)["prompt"]
      #expect(graph?["1"]?["inputs"]?["image"]?.string == parts.first?.fileName)
    }
  }

  @Test("what a workflow cannot do is not asked of it")
  func unfit() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var request = ImageRequest(prompt: "a hat")
      for (workflow, operation, kind) in [
        (nil, .edit, .badRequest), (Self.editing, .generate, .badRequest),
        ("not JSON", .generate, .notFound),
      ] as [(String?, ImageRequest.Operation, ImageFailure.Kind)] {
        request.operation = operation
        let provider = try Self.provider(simulator, workflow: workflow)
        #expect(await AdapterProbe.failure(provider, request, client.value)?.kind == kind)
      }
      #expect(simulator.requests.isEmpty)
    }
  }

  // MARK: Failures

  static let table: [ProbeCase] = [
    .answer(
      400,
      #"{"error":{"type":"prompt_outputs_failed_validation","message":"Prompt outputs failed "#
        + #"validation"},"node_errors":{"5":{"class_type":"EmptyLatentImage","errors":[{"type":"#
        + #""value_bigger_than_max","message":"Value too big","details":"width"}]}}}"#,
      .badRequest),
    .answer(
      400,
      #"{"error":{"type":"prompt_outputs_failed_validation","message":"x"},"node_errors":{"4":"#
        + #"{"class_type":"CheckpointLoaderSimple","errors":[{"type":"value_not_in_list"}]}}}"#,
      .notFound),
    .answer(
      400, #"{"error":{"type":"missing_node_type","message":"x"},"node_errors":{}}"#, .notFound),
    .answer(400, #"{"error":"no prompt","node_errors":[]}"#, .badRequest),
    .answer(200, "{}", .malformed), .answer(200, #"{"prompt_id":7}"#, .malformed),
    .answer(200, #"{"prompt_id":""}"#, .malformed),
  ]

  @Test("every way to fail has its class")
  func failures() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      await AdapterProbe.check(
        ProbeCase.transport + Self.table, route: "comfyui", simulator, client.value,
        try Self.provider(simulator))
    }
  }

  @Test(
    "a checkpoint that is missing, an input of a wrong type and a wrong key are told apart",
    arguments: [
      ("missing.safetensors", nil, nil, .notFound), (nil, "seven", nil, .badRequest),
      (nil, nil, "bad-key", .badKey),
    ] as [(String?, String?, String?, ImageFailure.Kind)])
  func wrong(
    checkpoint: String?, seed: String?, key: String?, kind: ImageFailure.Kind
  ) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let workflow = seed.map {
        Self.editing.replacing("\"seed\":1", with: "\"seed\":\"\($0)\"")
      }
      .map { $0.replacing("{{image}}", with: "x.png") }
      let failure = await AdapterProbe.failure(
        try Self.provider(
          simulator, workflow: workflow, key: key,
          checkpoint: checkpoint ?? "sd_xl_base_1.0.safetensors"), ImageRequest(prompt: "a fox"),
        client.value)
      #expect(failure?.kind == kind)
      #expect(failure?.mayHaveBeenPaid == false)
      #expect(simulator.jobs["comfyui"] == nil)
    }
  }

  @Test(
    "a job that fails says why",
    arguments: [("explode", ImageFailure.Kind.malformed), ("explode memory", .overloaded)])
  func exploded(prompt: String, kind: ImageFailure.Kind) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let failure = await AdapterProbe.failure(
        try Self.provider(simulator), ImageRequest(prompt: prompt), client.value)
      #expect(failure?.kind == kind)
      #expect(failure?.message == "comfyui: KSampler: boom")
      #expect(failure?.mayHaveBeenPaid == true)
    }
  }

  @Test(
    "histories of older servers, previews and interruptions are understood",
    arguments: [
      (
        #"{"outputs":{"9":{"images":[{"filename":"a/b c.png"}]}}}"#,
        "view?filename=a%2Fb%20c.png&subfolder=&type=output"
      ),
      (
        #"{"outputs":{"9":{"images":[{"filename":"p","type":"temp","subfolder":"é"}]}},"status":"#
          + #"{"status_str":"success","completed":true}}"#,
        "view?filename=p&subfolder=%C3%A9&type=temp"
      ),
      (#"{"outputs":{},"status":{"status_str":"success","completed":true}}"#, nil),
      (
        #"{"outputs":{},"status":{"status_str":"error","messages":[["execution_interrupted",{}]]}}"#,
        nil
      ),
      ("{}", nil),
    ] as [(String, String?)])
  func histories(entry: String, path: String?) async throws {
    let entry = try JSONSlice.parse(Array(entry.utf8))
    #expect(ComfyAnswer.isDone(entry))
    let paths = try? await AdapterHarness.withLink { link in
      try ComfyAnswer.files(entry, link.value).map(\.path)
    }
    #expect(paths == path.map { [$0] })
  }

  @Test("a job that runs is not done")
  func running() throws {
    let entry = #"{"outputs":{},"status":{"status_str":"running","completed":false}}"#
    #expect(!ComfyAnswer.isDone(try JSONSlice.parse(Array(entry.utf8))))
  }

  @Test("a server that stumbles is asked again, and the job is queued once")
  func stumbling() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      for route in ["comfyui.poll", "comfyui.view"] {
        var fault = SimulatorFault()
        fault.status = 503
        simulator.queue(fault, route: route)
        fault = SimulatorFault()
        fault.resetAfter = 1
        simulator.queue(fault, route: route)
      }
      let answer = try await AdapterProbe.draw(
        try Self.provider(simulator), ImageRequest(prompt: "a fox"), client.value
      ).get()
      #expect(AdapterProbe.sizes(answer) == ["1024x1024"])
      #expect(simulator.jobs["comfyui"]?.accepted == 1)
      #expect(simulator.jobs["comfyui"]?.cancelled == 0)
    }
  }

  // MARK: Leaving

  @Test(
    "a client that leaves, and a deadline, take the job out of the queue or interrupt it",
    arguments: [("slowly", true), ("slowly", false), ("waiting", true), ("waiting", false)])
  func cancels(prompt: String, leaves: Bool) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let loop = client.loop
      let provider = try Self.provider(
        simulator, timeout: leaves ? .seconds(120) : .milliseconds(2000))
      let ended = LoopEvent<ImageFailure?>()
      let task = loop.spawn {
        ended.fire(
          await AdapterProbe.failure(provider, ImageRequest(prompt: prompt), client.value))
      }
      try await eventually("the job is asked for") {
        simulator.requests.contains { $0.route == "comfyui.poll" }
      }
      if leaves { task.cancel() }
      let failure = await ended.wait()
      #expect(failure?.kind == (leaves ? .cancelled : .timedOut))
      #expect(failure?.mayHaveBeenPaid == true)
      try await eventually("the job is cancelled") {
        simulator.jobs["comfyui"]?.cancelled == 1
      }
      #expect(simulator.jobs["comfyui"]?.accepted == 1)
      let cancels = simulator.requests.filter { $0.route == "comfyui.cancel" }
      #expect(
        cancels.first.map { String(decoding: $0.body, as: UTF8.self) }?.contains("delete") == true)
      if prompt == "slowly" {
        #expect(
          cancels.last.map { String(decoding: $0.body, as: UTF8.self) }?.contains("prompt_id")
            == true)
      }
    }
  }

  @Test(
    "a job is cancelled though the answer to its submission is lost, or says nothing of it",
    arguments: [nil, 502, 200])
  func cancelsUnnamed(status: Int?) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var fault = SimulatorFault()
      let isLost = status == nil
      if isLost { fault.resetAfter = 3 }
      fault.status = status
      fault.body = status.map { _ in "{\"a\":" }
      simulator.queue(fault, route: "comfyui")
      let failure = await AdapterProbe.failure(
        try Self.provider(simulator), ImageRequest(prompt: "waiting"), client.value)
      #expect(failure?.kind == (isLost ? .unreachable : status == 200 ? .malformed : .overloaded))
      #expect(failure?.mayHaveBeenPaid == true)
      try await eventually("the job is taken out of the queue") {
        simulator.requests("comfyui.cancel").contains {
          String(decoding: $0.body, as: UTF8.self).contains("delete")
        }
      }
      guard isLost else { return }
      try await eventually("the job is cancelled") {
        simulator.jobs["comfyui"]?.cancelled == 1
      }
      #expect(simulator.jobs["comfyui"]?.accepted == 1)
    }
  }

  @Test("the key is checked, and checkpoints are listed; older servers have no list")
  func keyCheck() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let adapter = ComfyUIAdapter()
      let link = ProviderLink(
        provider: try Self.provider(simulator), client: client.value, imageLimit: 1 << 20)
      try await adapter.checkKey(over: link)
      #expect(
        try await adapter.listModels(over: link)
          == ["sd_xl_base_1.0.safetensors", "flux1-dev.safetensors"])
      var fault = SimulatorFault()
      fault.status = 404
      simulator.queue(fault, route: "comfyui.models")
      #expect(try await adapter.listModels(over: link) == nil)
      let wrong = ProviderLink(
        provider: try Self.provider(simulator, key: "bad-key"), client: client.value,
        imageLimit: 1 << 20)
      let failure = await #expect(throws: ImageFailure.self) {
        try await adapter.checkKey(over: wrong)
      }
      #expect(failure?.kind == .badKey)
    }
  }
}
