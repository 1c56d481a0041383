import EventLoop
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Fireworks", .bounded, .timeLimit(.minutes(10)))
struct FireworksTests {
  private static func trial(_ wireID: String) -> AdapterTrial {
    var model = ImageModel(
      id: "flux", provider: "fireworks", dialect: .generic, maxCount: 1,
      capabilities: [.edit, .seed, .steps, .guidance, .outputFormat])
    model.wireID = wireID
    return AdapterTrial(name: "fireworks", format: .fireworks, model: model)
  }

  private static let flux = trial("accounts/fireworks/models/flux-1-schnell-fp8")
  private static let kontext = trial("flux-kontext-pro")

  @Test("a request says all that is asked, in Fireworks' words")
  func request() async throws {
    var request = ImageRequest(prompt: "a fox")
    request.negativePrompt = "rain"
    request.size = ImageSize("1536x1024")
    request.seed = 7
    request.steps = 4
    request.guidance = 3.5
    request.quality = "hd"
    let outcome = try await Self.flux.run(request)
    let sent = try #require(outcome.requests.first)
    #expect(sent.method == "POST")
    #expect(
      sent.path == "/fireworks/workflows/accounts/fireworks/models/flux-1-schnell-fp8/text_to_image"
    )
    #expect(sent.authorization == "Bearer test-key")
    #expect(sent.header("accept") == "application/json")
    #expect(sent.header("content-type") == "application/json")
    #expect(
      String(decoding: sent.body, as: UTF8.self)
        == #"{"prompt":"a fox\nAvoid: rain","aspect_ratio":"3:2","guidance_scale":3.5,"#
        + #""num_inference_steps":4,"seed":7}"#)
    let answer = try #require(outcome.answer)
    #expect(answer.pictures.map(\.format) == [.png])
    #expect(answer.pictures.first?.seed == 7)
    #expect(
      answer.adjusted == [
        "negative_prompt: put into the prompt", "size: given as aspect ratio 3:2",
      ]
    )
    #expect(outcome.accepted == 1)
  }

  @Test("a picture that comes as it is, against what was asked for, is taken")
  func binary() async throws {
    let picture = try WireFixture.picture()
    func decode(_ reason: String) async throws -> ProviderAnswer {
      let answer = try ProviderAnswerTests.answer(
        200, [("finish-reason", reason), ("seed", "9")], picture.bytes)
      return try await AdapterHarness.withLink {
        try FireworksDecoder.decode(answer, over: $0.value)
      }
    }
    let answer = try await decode("SUCCESS")
    #expect(answer.pictures.map(\.size) == [ImageSize("4x4")])
    #expect(answer.pictures.first?.seed == 9)
    let failure = await #expect(throws: ImageFailure.self) { _ = try await decode("CBLOCKED") }
    #expect(failure?.kind == .refused)
  }

  @Test(
    "failures are sorted into classes",
    arguments: FaultCase.common + [
      FaultCase(
        400, #"{"error":{"message":"flagged by our content policy","code":"x"}}"#, .refused),
      FaultCase(412, #"{"error":{"message":"Account suspended"}}"#, .outOfCredit),
      FaultCase(422, #"{"detail":[{"msg":"seed: not a number"}]}"#, .badRequest),
      FaultCase(403, #"{"error":"forbidden"}"#, .badKey),
      FaultCase(200, #"{"base64":[],"finishReason":"SUCCESS"}"#, .malformed, paid: true),
      FaultCase(200, #"{"base64":["%%"],"finishReason":"SUCCESS"}"#, .malformed, paid: true),
      FaultCase(200, #"{"base64":["AAAA"],"finishReason":"ERROR"}"#, .malformed, paid: true),
      FaultCase(200, #"{"base64":["AAAA"],"finishReason":"CBLOCKED"}"#, .refused, paid: true),
    ])
  func failures(fault: FaultCase) async throws { try await fault.check(Self.flux) }

  @Test(
    "the provider's own refusals are told apart",
    arguments: [
      ("something forbidden", "test-key", .refused, 1), ("a fox", "bad-key", .badKey, 0),
    ] as [(String, String, ImageFailure.Kind, Int)])
  func refusals(
    prompt: String, key: String, kind: ImageFailure.Kind, accepted: Int
  ) async throws {
    let outcome = try await Self.flux.run(ImageRequest(prompt: prompt), key: key)
    #expect(outcome.failure?.kind == kind)
    #expect(outcome.accepted == accepted)
    #expect(outcome.failure?.mayHaveBeenPaid == (accepted == 1))
  }

  @Test("only Kontext looks at pictures")
  func edits() async throws {
    var request = ImageRequest(prompt: "blue")
    request.operation = .edit
    request.images = [try WireFixture.picture(), try WireFixture.picture()]
    let refused = try await Self.flux.run(request)
    #expect(refused.failure?.kind == .notFound)
    #expect(refused.requests.isEmpty)

    request.size = ImageSize("1024x1024")
    request.outputFormat = "png"
    let outcome = try await Self.kontext.run(request)
    let path = "/fireworks/workflows/accounts/fireworks/models/flux-kontext-pro"
    #expect(
      outcome.requests.map(\.path) == [path] + Array(repeating: "\(path)/get_result", count: 3))
    let body = try outcome.json()
    #expect(body["input_image"]?.string?.hasPrefix("data:image/png;base64,iVBORw0") == true)
    #expect(body["aspect_ratio"]?.string == "1:1")
    #expect(body["output_format"]?.string == "png")
    #expect(outcome.accepted == 1)
    let answer = try #require(outcome.answer)
    guard case .url(let url)? = answer.pictures.first?.source else {
      Issue.record("the picture should still be to fetch")
      return
    }
    #expect(url.contains("/files/"))
    #expect(answer.adjusted.first == "image: flux takes one picture")
  }

  @Test("a failing question is asked again, and the job never submitted again")
  func pollingFault() async throws {
    var fault = SimulatorFault()
    fault.status = 503
    let outcome = try await Self.kontext.run(
      ImageRequest(prompt: "a fox"), fault: fault, route: "fireworks.poll")
    #expect(outcome.answer?.pictures.count == 1)
    #expect(outcome.accepted == 1)
    #expect(outcome.requests.count == 5)
  }

  @Test("a job that is never done ends with the time that it has")
  func deadline() async throws {
    var fault = SimulatorFault()
    fault.hangs = true
    let outcome = try await Self.kontext.run(
      ImageRequest(prompt: "a fox"), fault: fault, route: "fireworks.poll",
      timeout: .seconds(4))
    #expect(outcome.failure?.kind == .timedOut)
    #expect(outcome.failure?.mayHaveBeenPaid == true)
    #expect(outcome.accepted == 1)
  }

  @Test("a client that leaves ends the asking; Fireworks has nothing to cancel a job by")
  func cancellation() async throws {
    let trial = Self.kontext
    let (failure, accepted) = try await AdapterHarness.withSimulator { simulator, client in
      var fault = SimulatorFault()
      fault.hangs = true
      simulator.queue(fault, route: "fireworks.poll")
      let link = try trial.link(to: simulator, client.value)
      let job = ImageJob(
        request: ImageRequest(prompt: "a fox"), model: trial.model, count: 1, idempotencyKey: "k")
      var failure: ImageFailure?
      let task = client.loop.spawn {
        do throws(ImageFailure) {
          _ = try await FireworksAdapter().draw(job, over: link)
        } catch {
          failure = error
        }
      }
      try await eventually("the job is asked for") {
        simulator.requests.contains { $0.route == "fireworks.poll" }
      }
      task.cancel()
      await task.value
      return (failure, simulator.jobs["fireworks"]?.accepted)
    }
    #expect(failure?.kind == .cancelled)
    #expect(failure?.mayHaveBeenPaid == true)
    #expect(accepted == 1)
  }

  @Test(
    "a job's end is told by its status",
    arguments: [
      ("Request Moderated", .refused, false), ("Content Moderated", .refused, true),
      ("Error", .malformed, true), ("Task not found", .malformed, true),
      ("Ready", .malformed, true),
    ] as [(String, ImageFailure.Kind, Bool)])
  func statuses(status: String, kind: ImageFailure.Kind, paid: Bool) async throws {
    let body = JSONWriter.object { $0.member("status", status) }
    let answer = try ProviderAnswerTests.answer(200, [], body)
    let failure = await #expect(throws: ImageFailure.self) {
      _ = try await AdapterHarness.withLink {
        let job = try #require(try FireworksDecoder.decodeJob(answer, over: $0.value))
        _ = try FireworksDecoder.answer(ofJob: job, over: $0.value)
      }
    }
    #expect(failure?.kind == kind)
    #expect(failure?.mayHaveBeenPaid == paid)
  }

  @Test("a finished job is read as it was written down")
  func recorded() async throws {
    let answer = try WireFixture.answer("fireworks/async-ready")
    let pictures = try await AdapterHarness.withLink {
      let job = try #require(try FireworksDecoder.decodeJob(answer, over: $0.value))
      return try FireworksDecoder.answer(ofJob: job, over: $0.value).pictures
    }
    guard case .url(let url)? = pictures.first?.source else {
      Issue.record("no URL")
      return
    }
    #expect(url == "https://img.invalid/image.png")
  }

  @Test("keys are checked and models listed at no cost")
  func models() async throws {
    #expect(try await Self.flux.models() == ["accounts/fireworks/models/flux-1-schnell-fp8"])
    let failure = await #expect(throws: ImageFailure.self) {
      _ = try await Self.flux.models(key: "bad-key")
    }
    #expect(failure?.kind == .badKey)
  }
}
