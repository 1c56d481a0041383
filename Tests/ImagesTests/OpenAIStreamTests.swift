import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Pictures as a stream", .bounded, .timeLimit(.minutes(10)))
struct OpenAIStreamTests {
  /// Draws with two unfinished pictures on the way.
  static func draw(
    _ simulator: SimulatorServer, _ client: HTTPClient, fault: SimulatorFault? = nil,
    prompt: String = "a fox", images: [InputImage] = [], timeout: Duration = .seconds(120)
  ) async throws -> (result: Result<ProviderAnswer, ImageFailure>, partial: [PartialImage]) {
    let provider = try AdapterHarness.provider(
      "openai", .openAI, ImageModel(id: "gpt-image-1", provider: "openai"), at: simulator.baseURL,
      timeout: timeout)
    var request = ImageRequest(prompt: prompt)
    request.partialImages = 2
    request.images = images
    if !images.isEmpty { request.operation = .edit }
    if let fault { simulator.queue(fault, route: "images") }
    var partial: [PartialImage] = []
    let result = await AdapterProbe.draw(provider, request, client) { partial.append($0) }
    return (result, partial)
  }

  @Test("unfinished pictures come on the way, the finished one at the end")
  func pictures() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let (result, partial) = try await Self.draw(simulator, client.value)
      let answer = try result.get()
      #expect(partial.map(\.index) == [0, 1])
      #expect(partial.allSatisfy { ImageFormat(sniffing: $0.bytes) == .png })
      #expect(AdapterProbe.sizes(answer) == ["1024x1024"])
      let usage = try JSONSlice.parse(try #require(answer.usage))
      #expect(usage["total_tokens"]?.int == 100)
      let request = try #require(simulator.requests.last)
      #expect(request.header("accept") == "text/event-stream")
      #expect(request.header("idempotency-key") == "job-1")
      let body = try JSONSlice.parse(request.body)
      #expect(body["stream"]?.bool == true)
      #expect(body["partial_images"]?.int == 2)
    }
  }

  @Test("the specification's example is read, however it is split", arguments: [false, true])
  func recorded(splits: Bool) async throws {
    let stream = try ProviderAnswerTests.recorded("stream-generation").body
    try await AdapterHarness.withSimulator { simulator, client in
      var fault = SimulatorFault()
      fault.replay = stream
      fault.splitsEveryByte = splits
      let (result, partial) = try await Self.draw(simulator, client.value, fault: fault)
      let answer = try result.get()
      #expect(partial.map(\.index) == [0])
      #expect(AdapterProbe.sizes(answer) == ["4x4"])
      let usage = try JSONSlice.parse(try #require(answer.usage))
      #expect(usage["input_tokens_details"]?["image_tokens"]?.int == 40)
    }
  }

  @Test("a stream of an edit is read too")
  func edit() async throws {
    let image = try AdapterProbe.picture()
    try await AdapterHarness.withSimulator { simulator, client in
      let (result, partial) = try await Self.draw(simulator, client.value, images: [image])
      #expect(AdapterProbe.sizes(try result.get()) == ["1024x1024"])
      #expect(partial.map(\.index) == [0, 1])
      #expect(simulator.requests.last?.path == "/v1/images/edits")
    }
  }

  @Test("a server that does not stream answers whole")
  func whole() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var fault = SimulatorFault()
      fault.status = 200
      fault.body = "{\"created\":1,\"data\":[{\"b64_json\":\"aGVsbG8=\"}]}"
      let (result, partial) = try await Self.draw(simulator, client.value, fault: fault)
      #expect(AdapterProbe.bytes(try result.get()) == [Array("hello".utf8)])
      #expect(partial.isEmpty)
    }
  }

  @Test(
    "a picture that has come whole is not lost to what goes wrong behind it",
    arguments: ["data: {\"error\":{\"message\":\"boom\"}}\n\n", "data: {\n\n", "\u{0}"])
  func complete(rest: String) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let event = "data: {\"type\":\"image_generation.completed\",\"b64_json\":\"aGVsbG8=\"}\n\n"
      var fault = SimulatorFault()
      fault.replay = Array((event + rest).utf8)
      fault.splitsEveryByte = true
      // The connection breaks right behind it, too.
      fault.resetAfter = event.utf8.count + rest.utf8.count - 1
      let (result, _) = try await Self.draw(simulator, client.value, fault: fault)
      #expect(AdapterProbe.bytes(try result.get()) == [Array("hello".utf8)])
    }
  }

  static let event =
    "data: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"aGVsbG8=\"}\n\n"

  @Test(
    "what goes wrong with a stream is told apart",
    arguments: [
      (
        "data: {\"type\":\"error\",\"error\":{\"message\":\"boom\",\"code\":\"server_error\"}}\n\n",
        .overloaded, true
      ),
      (
        "data: {\"error\":{\"message\":\"no\",\"type\":\"image_generation_user_error\","
          + "\"code\":\"moderation_blocked\"}}\n\n", .refused, false
      ),
      (
        "data: {\"error\":\"Incorrect API key provided: sk-***A\"}\n\n", .badKey, true
      ),
      (
        "data: {\"error\":{\"message\":\"no\",\"code\":\"insufficient_quota\"}}\n\n", .outOfCredit,
        true
      ),
      (
        "data: {\"error\":{\"message\":\"try again in 12s\",\"code\":\"rate_limit_exceeded\"}}\n\n",
        .rateLimited, true
      ),
      ("\(event)", .malformed, true), ("", .malformed, true),
      ("data: [DONE]\n\n", .malformed, true),
      (
        "data: {\"type\":\"image_generation.completed\",\"b64_json\":\"%%%%\"}\n\n", .malformed,
        true
      ),
    ] as [(String, ImageFailure.Kind, Bool)])
  func broken(stream: String, kind: ImageFailure.Kind, paid: Bool) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var fault = SimulatorFault()
      fault.replay = Array(stream.utf8)
      let (result, _) = try await Self.draw(simulator, client.value, fault: fault)
      let failure = #expect(throws: ImageFailure.self) { try result.get() }
      #expect(failure?.kind == kind)
      #expect(failure?.mayHaveBeenPaid == paid)
      #expect(failure?.message.contains("sk-") == false)
      #expect(failure?.retryAfter == (kind == .rateLimited ? .seconds(12) : nil))
    }
  }

  static let table: [ProbeCase] = [
    ProbeCase("is cut off", .unreachable, paid: true) { $0.resetAfter = 5000 },
    ProbeCase("ends early", .malformed, paid: true) { $0.cutAfter = 5000 },
    ProbeCase("hangs", .timedOut, paid: true) { $0.hangs = true },
    ProbeCase("is one endless line", .malformed, paid: true) {
      $0.giantBytes = 40 << 20
      $0.contentType = "text/event-stream"
    },
    .answer(503, "{}", .overloaded), .answer(401, "{}", .badKey),
  ]

  @Test("a stream that breaks leaves open whether it was paid for", arguments: table)
  func faults(_ item: ProbeCase) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let (result, _) = try await Self.draw(
        simulator, client.value, fault: item.fault,
        timeout: item.fault.hangs ? .seconds(4) : .seconds(120))
      let failure = #expect(throws: ImageFailure.self) { try result.get() }
      #expect(failure?.kind == item.kind)
      #expect(failure?.mayHaveBeenPaid == item.mayHaveBeenPaid)
      #expect(simulator.requests.count == 1)
    }
  }

  @Test("a refusal before the stream is the client's to mend")
  func refused() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let (result, _) = try await Self.draw(simulator, client.value, prompt: "forbidden")
      let failure = #expect(throws: ImageFailure.self) { try result.get() }
      #expect(failure?.kind == .refused)
      #expect(failure?.code == "moderation_blocked")
      #expect(simulator.jobs["openai"] == nil)
    }
  }

  @Test("a task that is cancelled leaves the provider at once")
  func cancelled() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let loop = client.loop
      var fault = SimulatorFault()
      fault.pace = .seconds(3600)
      simulator.queue(fault, route: "images")
      let provider = try AdapterHarness.provider(
        "openai", .openAI, ImageModel(id: "gpt-image-1", provider: "openai"),
        at: simulator.baseURL)
      var request = ImageRequest(prompt: "a fox")
      request.partialImages = 1
      let asked = request
      let began = LoopEvent<Void>()
      let ended = LoopEvent<ImageFailure?>()
      let task = loop.spawn {
        let result = await AdapterProbe.draw(provider, asked, client.value) { _ in began.fire(()) }
        if case .failure(let failure) = result { ended.fire(failure) } else { ended.fire(nil) }
      }
      await began.wait()
      task.cancel()
      let failure = await ended.wait()
      #expect(failure?.kind == .cancelled)
      try await eventually("the client has left") { simulator.clientLeftCount > 0 }
    }
  }
}
