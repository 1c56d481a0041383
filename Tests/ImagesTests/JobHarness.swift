import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import Testing

@testable import Images

/// A provider whose pictures are jobs, as tests ask it.
struct JobProvider: Sendable, CustomTestStringConvertible {
  let name: String
  let format: WireFormat
  /// Whether a job can be cancelled there.
  let cancels: Bool
  /// What follows the provider's name in the base URL.
  var path = ""
  let model: ImageModel

  var testDescription: String { name }

  /// The provider at a simulator; asked for jobs every 5 ms.
  func provider(
    _ simulator: SimulatorServer, model: ImageModel? = nil, key: String? = "test-key",
    timeout: Duration = .seconds(120), options: [String: String] = [:]
  ) throws -> ImageProvider {
    var provider = try AdapterHarness.provider(
      name, format, model ?? self.model, at: simulator.url(name) + path, key: key, timeout: timeout)
    provider.options = options.merging(["pollMilliseconds": "5"]) { given, _ in given }
    return provider
  }

  /// Draws one job and fetches its pictures.
  func draw(
    _ simulator: SimulatorServer, _ request: ImageRequest, model: ImageModel? = nil,
    count: Int = 1, key: String? = "test-key", timeout: Duration = .seconds(120),
    options: [String: String] = [:], _ client: HTTPClient
  ) async throws -> (answer: ProviderAnswer, pictures: [[UInt8]]) {
    let provider = try provider(
      simulator, model: model, key: key, timeout: timeout, options: options)
    let answer = try await AdapterHarness.draw(provider, request, count: count, client)
    let link = ProviderLink(provider: provider, client: client, imageLimit: 32 << 20)
    var pictures: [[UInt8]] = []
    for picture in answer.pictures {
      switch picture.source {
      case .bytes(let bytes): pictures.append(bytes)
      case .url(let url): pictures.append(try await link.fetch(url))
      case .broken: throw link.malformed("answered with broken base64")
      }
    }
    return (answer, pictures)
  }

  /// The failure of a job that is to fail.
  func failure(
    _ simulator: SimulatorServer, prompt: String = "a fox", model: ImageModel? = nil,
    key: String? = "test-key", timeout: Duration = .seconds(120), options: [String: String] = [:],
    _ client: HTTPClient
  ) async throws -> ImageFailure {
    do {
      _ = try await draw(
        simulator, ImageRequest(prompt: prompt), model: model, key: key, timeout: timeout,
        options: options, client)
    } catch let failure as ImageFailure {
      return failure
    }
    Issue.record("no failure")
    return ImageFailure(.cancelled, "")
  }

  /// The adapter and a link, for what is not a drawing.
  func link(
    _ simulator: SimulatorServer, key: String? = "test-key", options: [String: String] = [:],
    _ client: HTTPClient
  ) throws -> (adapter: any ImageAdapter, link: ProviderLink) {
    let provider = try provider(simulator, key: key, options: options)
    return (
      AdapterDirectory.adapter(for: format),
      ProviderLink(provider: provider, client: client, imageLimit: 32 << 20)
    )
  }
}

extension SimulatorServer {
  /// Requests of a route.
  func requests(_ route: String) -> [SimulatorRequest] { requests.filter { $0.route == route } }

  /// Queues an answer in place of the next one of a route.
  func answer(_ route: String, _ status: Int, _ body: String, retryAfter: String? = nil) {
    var fault = SimulatorFault()
    fault.status = status
    fault.body = body
    fault.retryAfter = retryAfter
    queue(fault, route: route)
  }
}

extension SimulatorRequest {
  /// The body as JSON.
  func json() throws -> JSONSlice { try JSONSlice.parse(body) }
}

/// Recorded answers of providers of jobs.
enum JobRecording {
  /// The answer of `Fixtures/NAME.json`.
  static func answer(_ name: String) throws -> ClientAnswer {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/\(name).json", withExtension: nil))
    let object = try JSONSlice.parse(Array(try Data(contentsOf: url)))
    return try ProviderAnswerTests.answer(
      object["status"]?.int ?? 200,
      object["headers"]?.members.map { ($0.key, $0.value.string ?? "") } ?? [],
      Array(try #require(object["body"]).raw))
  }
}
