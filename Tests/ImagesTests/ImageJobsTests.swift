import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

/// What all providers have in common whose pictures are jobs.
@Suite("Jobs at image providers", .bounded, .timeLimit(.minutes(10)))
struct ImageJobsTests {
  static let providers = [
    ReplicateTests.replicate, FalTests.fal, BFLTests.bfl, LeonardoTests.leonardo,
  ]
  static let cancelling = providers.filter(\.cancels) + [ComfyUITests.comfyUI]

  @Test("a picture is submitted once, asked for, and fetched", arguments: providers)
  func draws(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let result = try await provider.draw(
        simulator, ImageRequest(prompt: "a fox"), client.value)
      #expect(result.pictures.count == 1)
      for picture in result.pictures { #expect(ImageFormat(sniffing: picture) == .png) }
      #expect(result.answer.adjusted.isEmpty)
      #expect(simulator.jobs[provider.name]?.accepted == 1)
      #expect(simulator.jobs[provider.name]?.cancelled == 0)
      #expect(simulator.requests("\(provider.name).poll").count >= 2)
    }
  }

  @Test(
    "a question that fails is asked again, and nothing is submitted again", arguments: providers)
  func pollsAgain(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let route = "\(provider.name).poll"
      simulator.answer(route, 503, "<html>gateway</html>")
      simulator.answer(route, 500, "{}")
      simulator.answer(route, 429, "{}", retryAfter: "1")
      simulator.answer(route, 200, "{\"status\":")
      var reset = SimulatorFault()
      reset.resetAfter = 3
      simulator.queue(reset, route: route)
      let result = try await provider.draw(simulator, ImageRequest(prompt: "a fox"), client.value)
      #expect(result.pictures.count == 1)
      #expect(simulator.jobs[provider.name]?.accepted == 1)
      #expect(simulator.requests(provider.name).count == 1)
      #expect(simulator.requests(route).count >= 6)
    }
  }

  @Test("answers that make no sense, one after the other, are an end", arguments: providers)
  func senseless(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      for _ in 0..<5 { simulator.answer("\(provider.name).poll", 200, "[]") }
      let failure = try await provider.failure(simulator, client.value)
      #expect(failure.kind == .malformed)
      #expect(failure.mayHaveBeenPaid)
      #expect(simulator.requests("\(provider.name).poll").count == 5)
      try await eventually("the job is cancelled where it can be") {
        simulator.jobs[provider.name]?.cancelled == (provider.cancels ? 1 : 0)
      }
    }
  }

  @Test("a picture that its file server stumbles over is fetched again", arguments: providers)
  func fetchesAgain(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      simulator.answer("files", 503, "<html>")
      var cut = SimulatorFault()
      cut.cutAfter = 100
      simulator.queue(cut, route: "files")
      let result = try await provider.draw(simulator, ImageRequest(prompt: "a fox"), client.value)
      #expect(result.pictures.map(ImageFormat.init(whole:)) == [.png])
      #expect(simulator.requests("files").count == 3)
      #expect(simulator.jobs[provider.name]?.accepted == 1)
    }
  }

  // MARK: Giving up

  @Test("a client that leaves has its job cancelled", arguments: cancelling)
  func leaves(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let loop = client.loop
      let drawing = loop.spawn {
        _ = try? await provider.draw(
          simulator, ImageRequest(prompt: "an endless fox"), client.value)
      }
      try await eventually("the job is asked for") {
        simulator.requests("\(provider.name).poll").count > 1
      }
      drawing.cancel()
      try await eventually("the job is cancelled") {
        simulator.jobs[provider.name]?.cancelled == 1
      }
      #expect(simulator.jobs[provider.name]?.accepted == 1)
    }
  }

  @Test("a client that leaves while its job is submitted has it cancelled", arguments: cancelling)
  func leavesEarly(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let loop = client.loop
      var slow = SimulatorFault()
      slow.delay = .milliseconds(100)
      simulator.queue(slow, route: provider.name)
      let drawing = loop.spawn {
        _ = try? await provider.draw(simulator, ImageRequest(prompt: "a fox"), client.value)
      }
      try await eventually("the job is submitted") {
        simulator.requests(provider.name).count == 1
      }
      drawing.cancel()
      await drawing.value
      try await eventually("the job is cancelled") {
        simulator.jobs[provider.name]?.cancelled == 1
      }
      #expect(simulator.jobs[provider.name]?.accepted == 1)
      #expect(simulator.requests("\(provider.name).poll").isEmpty)
    }
  }

  @Test("a job that takes too long is cancelled", arguments: cancelling)
  func deadline(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      // On a busy machine the time may be over before there is a job to cancel.
      for timeout in [1, 5, 30] {
        simulator.reset()
        let failure = try await provider.failure(
          simulator, prompt: "an endless fox", timeout: .seconds(timeout), client.value)
        #expect(failure.kind == .timedOut)
        #expect(failure.mayHaveBeenPaid)
        if !simulator.requests("\(provider.name).poll").isEmpty { break }
      }
      try await eventually("the job is cancelled") {
        simulator.jobs[provider.name]?.cancelled ?? 0 > 0
      }
    }
  }

  @Test("a job that cannot be cancelled is given up all the same", arguments: providers)
  func timesOut(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let failure = try await provider.failure(
        simulator, prompt: "an endless fox", timeout: .milliseconds(1500), client.value)
      #expect(failure.kind == .timedOut)
      #expect(simulator.requests(provider.name).count <= 1)
    }
  }

  // MARK: Failures of the submission

  @Test("a refused key is told as that, and not shown", arguments: providers)
  func badKey(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let failure = try await provider.failure(simulator, key: "bad-key", client.value)
      #expect(failure.kind == .badKey)
      #expect(!failure.message.contains("bad-key"))
      #expect(!failure.mayHaveBeenPaid)
      #expect(simulator.jobs[provider.name] == nil)
    }
  }

  @Test("a refusal is told as that", arguments: providers)
  func refusal(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let failure = try await provider.failure(simulator, prompt: "a forbidden fox", client.value)
      #expect(failure.kind == .refused)
      #expect(!failure.isProviders)
    }
  }

  @Test(
    "statuses tell classes",
    arguments: providers,
    [
      (400, .badRequest, false), (401, .badKey, false), (402, .outOfCredit, false),
      (403, .badKey, false), (404, .notFound, false), (429, .rateLimited, false),
      (500, .overloaded, true), (502, .overloaded, true), (503, .overloaded, false),
      (504, .timedOut, true), (200, .malformed, true),
    ] as [(Int, ImageFailure.Kind, Bool)])
  func statuses(_ provider: JobProvider, _ row: (Int, ImageFailure.Kind, Bool)) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      for body in ["{}", "", "<html>", "[1]", "{\"detail\":{\"status\":"] {
        simulator.answer(provider.name, row.0, body, retryAfter: row.0 == 429 ? "7" : nil)
        let failure = try await provider.failure(simulator, client.value)
        #expect(failure.kind == row.1, "\(body)")
        #expect(failure.mayHaveBeenPaid == row.2, "\(body)")
        #expect(failure.retryAfter == (row.0 == 429 ? .seconds(7) : nil))
      }
      #expect(simulator.requests(provider.name).count == 5)
    }
  }

  @Test("broken connections are told apart", arguments: providers)
  func connections(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var fault = SimulatorFault()
      fault.hangs = true
      simulator.queue(fault, route: provider.name)
      var failure = try await provider.failure(
        simulator, timeout: .seconds(4), client.value)
      #expect(failure.kind == .timedOut)
      #expect(failure.mayHaveBeenPaid)
      fault = SimulatorFault()
      fault.giantBytes = 46 << 20
      simulator.queue(fault, route: provider.name)
      failure = try await provider.failure(simulator, client.value)
      #expect(failure.kind == .tooLarge)
      #expect(failure.mayHaveBeenPaid)
      #expect(simulator.requests(provider.name).count == 2)
    }
  }

  @Test("keys are checked, and models are listed", arguments: providers)
  func keyCheck(_ provider: JobProvider) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let good = try provider.link(simulator, client.value)
      try await good.adapter.checkKey(over: good.link)
      if let models = try await good.adapter.listModels(over: good.link) {
        #expect(!models.isEmpty)
      }
      #expect(simulator.jobs[provider.name] == nil)
      let bad = try provider.link(simulator, key: "bad-key", client.value)
      let failure = await #expect(throws: ImageFailure.self) {
        try await bad.adapter.checkKey(over: bad.link)
      }
      #expect(failure?.kind == .badKey)
    }
  }
}
