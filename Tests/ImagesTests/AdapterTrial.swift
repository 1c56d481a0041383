import EventLoop
import Foundation
@testable import HTTP
import OpenAIWire
import Simulator
import Testing

@testable import Images

/// Runs one job at one simulated provider, and keeps what came of it.
struct AdapterTrial: Sendable {
  var name: String
  var format: WireFormat
  var model: ImageModel

  /// What came of a job.
  struct Outcome: Sendable {
    var answer: ProviderAnswer?
    var failure: ImageFailure?
    var requests: [SimulatorRequest]
    /// Requests that the provider charges for.
    var accepted = 0

    /// The body of the request that was sent first.
    func json() throws -> JSONSlice {
      let first = try #require(requests.first)
      return try JSONSlice.parse(first.body)
    }
  }

  func run(
    _ request: ImageRequest, count: Int = 1, key: String? = "test-key",
    fault: SimulatorFault? = nil,
    route: String? = nil, timeout: Duration = .seconds(120)
  ) async throws -> Outcome {
    try await AdapterHarness.withSimulator { simulator, client in
      if let fault { simulator.queue(fault, route: route ?? name) }
      let link = try link(to: simulator, client.value, key: key, timeout: timeout)
      let adapter = AdapterDirectory.adapter(for: format)
      var outcome = Outcome(requests: [])
      let job = ImageJob(request: request, model: model, count: count, idempotencyKey: "job-1")
      do throws(ImageFailure) {
        outcome.answer = try await adapter.draw(job, over: link).checked(over: link)
      } catch {
        outcome.failure = error
      }
      outcome.requests = simulator.requests
      outcome.accepted = simulator.jobs[name]?.accepted ?? 0
      return outcome
    }
  }

  /// Asks for the list of models, by which keys are checked too.
  func models(key: String = "test-key") async throws -> [String]? {
    try await AdapterHarness.withSimulator { simulator, client in
      let link = try link(to: simulator, client.value, key: key)
      let adapter = AdapterDirectory.adapter(for: format)
      try await adapter.checkKey(over: link)
      return try await adapter.listModels(over: link)
    }
  }

  func link(
    to simulator: SimulatorServer, _ client: HTTPClient, key: String? = "test-key",
    timeout: Duration = .seconds(120)
  ) throws -> ProviderLink {
    let provider = try AdapterHarness.provider(
      name, format, model, at: simulator.url(name), key: key, timeout: timeout)
    return ProviderLink(provider: provider, client: client, imageLimit: 8 << 20)
  }
}

/// Something that goes wrong with a paid call, and how it must be told.
struct FaultCase: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var fault: SimulatorFault
  var kind: ImageFailure.Kind
  var paid: Bool
  var retryAfter: Duration?

  /// An answer with a status and a body.
  init(
    _ status: Int, _ body: String, _ kind: ImageFailure.Kind, paid: Bool = false,
    retryAfter: String? = nil, waits: Duration? = nil
  ) {
    testDescription = "\(status) \(body.prefix(60))"
    fault = SimulatorFault()
    fault.status = status
    fault.body = body
    fault.retryAfter = retryAfter
    self.kind = kind
    self.paid = paid
    self.retryAfter = waits
  }

  private init(
    _ name: String, _ kind: ImageFailure.Kind, _ change: (inout SimulatorFault) -> Void
  ) {
    testDescription = name
    fault = SimulatorFault()
    change(&fault)
    self.kind = kind
    paid = true
  }

  /// What can go wrong with every provider, after which it is open whether it charges.
  static let common: [FaultCase] = [
    FaultCase("hangs", .timedOut) { $0.hangs = true },
    FaultCase("is cut off in its body", .unreachable) { $0.resetAfter = 40 },
    FaultCase("is too large", .tooLarge) { $0.giantBytes = 32 << 20 },
    FaultCase(200, "{\"oops", .malformed, paid: true),
    FaultCase(200, "{}", .malformed, paid: true),
    FaultCase(200, "[]", .malformed, paid: true),
    FaultCase(200, "", .malformed, paid: true),
    FaultCase(500, "<html>Internal Server Error</html>", .overloaded, paid: true),
    FaultCase(504, "{}", .timedOut, paid: true),
    FaultCase(520, "<html>", .overloaded, paid: true),
    FaultCase(524, "<html>", .timedOut, paid: true),
    FaultCase(523, "<html>", .overloaded),
    FaultCase(503, "{}", .overloaded, retryAfter: "7", waits: .seconds(7)),
    FaultCase(429, "{}", .rateLimited, retryAfter: "12", waits: .seconds(12)),
    FaultCase(401, "{}", .badKey),
    FaultCase(402, "{}", .outOfCredit),
    FaultCase(404, "{}", .notFound),
    FaultCase(413, "{}", .tooLarge),
    FaultCase(400, "{}", .badRequest),
  ]

  /// Draws with the fault, and checks how it is told, and that nothing was asked for twice.
  func check(_ trial: AdapterTrial) async throws {
    let timeout: Duration = fault.hangs ? .seconds(4) : .seconds(120)
    let outcome = try await trial.run(ImageRequest(prompt: "a fox"), fault: fault, timeout: timeout)
    let failure = try #require(outcome.failure)
    #expect(failure.kind == kind)
    #expect(failure.mayHaveBeenPaid == paid)
    #expect(failure.message.contains("test-key") == false)
    if let retryAfter { #expect(failure.retryAfter == retryAfter) }
    #expect(outcome.requests.count == 1)
  }
}

/// Answers kept in the fixtures.
enum WireFixture {
  /// Status, fields and body of `PROVIDER/NAME`.
  static func answer(_ name: String) throws -> ClientAnswer {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/\(name).json", withExtension: nil))
    let object = try JSONSlice.parse(Array(try Data(contentsOf: url)))
    let body = try #require(object["body"])
    return try ProviderAnswerTests.answer(
      object["status"]?.int ?? 200,
      object["headers"]?.members.map { ($0.key, $0.value.string ?? "") } ?? [],
      body.kind == .string ? try #require(body.stringBytes) : Array(body.raw))
  }

  /// The smallest picture that is one: 4 by 4 pixels.
  static func picture() throws -> InputImage {
    let object = try JSONSlice.parse(try answer("together/success").body)
    let text = try #require(object["data"]?.elements.first { _ in true }?["b64_json"])
    let bytes = try #require(Base64.decode(text.raw.dropFirst().dropLast()))
    return try #require(InputImage(bytes))
  }
}

extension ProviderPicture {
  /// The format of the picture that came with the answer; nil for none, or a URL.
  var format: ImageFormat? {
    guard case .bytes(let bytes) = source else { return nil }
    return ImageFormat(sniffing: bytes)
  }

  /// Width and height of the picture that came with the answer.
  var size: ImageSize? {
    guard case .bytes(let bytes) = source else { return nil }
    return ImageFormat(sniffing: bytes)?.size(of: bytes)
  }
}
