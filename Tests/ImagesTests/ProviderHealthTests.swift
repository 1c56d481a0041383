import EventLoop
import Resilience
import Simulator
import State
import TestSupport
import Testing

@testable import HTTP
@testable import Images

@Suite("What calls of image models say of a provider's health", .bounded, .timeLimit(.minutes(5)))
struct ProviderHealthTests {
  @Test("that the gateway could not ask says nothing of the provider")
  func notAsked() async throws {
    try await AdapterHarness.withLink { link in
      for kind in [HTTPClientError.Kind.poolExhausted, .forbiddenAddress] {
        let failure = link.value.failure(
          HTTPClientError(kind, mayHaveBeenSent: false, ""), pays: true)
        #expect(CallOutcome(failure, after: .zero) == .ignored)
        #expect(failure.isProviders, "another one may be asked")
      }
      let away = link.value.failure(
        HTTPClientError(.connect, mayHaveBeenSent: false, ""), pays: true)
      #expect(CallOutcome(away, after: .zero) == .failure)
    }
  }

  @Test(
    "a request for several pictures that is a trial, or a last resort, gets all of them",
    arguments: [true, false])
  func several(isTrial: Bool) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var configuration = BreakerBoard.Configuration(owner: "a")
      configuration.claimLimit = .seconds(100)
      let board = BreakerBoard(configuration, store: MemoryStore())
      defer { board.close() }
      let health = BreakerHealth(board, HealthChecker(board, lifetime: .seconds(5)))
      var provider = try #require(try PipelineHarness.catalog(simulator).providers.first)
      provider.models = Array(provider.models.prefix(1))
      let catalog = ImageCatalog(providers: [provider])
      for model in provider.models { board.breaker(model.breakerKey).perform(.open, by: "") }
      if isTrial { board.clock.set(to: board.clock.now + 3_600_000) }
      var request = ImageRequest(prompt: "a fox")
      request.count = 4
      let result = try await ImagePipeline(catalog, health: health)
        .generate(request, client: client.value)
      #expect(result.images.count == 4 && Set(result.images.map(\.number)).count == 4)
      #expect(result.passedOver.isEmpty)
      let model = result.model
      #expect(board.breaker(model.breakerKey).report.state == .closed)
      #expect(simulator.requests.count { $0.route == "images" } == 4)
    }
  }

  @Test("one request at a time asks a model as a last resort, and none right after one that failed")
  func lastResort() async throws {
    let board = BreakerBoard(.init(owner: "a"), store: MemoryStore())
    defer { board.close() }
    let health = BreakerHealth(board, HealthChecker(board, lifetime: .seconds(5)))
    let model = ImageModel(id: "m", provider: "p")
    func offers() -> Bool {
      guard case .refused(let refusal) = health.admission(of: model) else { return false }
      return refusal.allowsLastResort
    }
    board.breaker(model.breakerKey).perform(.open, by: "")
    #expect(offers())
    let start = await health.begin(model, .lastResort)
    guard case .begun(let call) = start else {
      Issue.record("nobody is asked")
      return
    }
    #expect(!offers())
    guard case .refused(let refusal) = await health.begin(model, .lastResort) else {
      Issue.record("two are asked at one time")
      return
    }
    #expect(refusal.reason.hasPrefix("circuit breaker open") && refusal.wait != nil)
    call.end(ImageFailure(.overloaded, ""), after: .zero)
    #expect(!offers())
    board.clock.set(to: board.clock.now + 1000)
    #expect(offers())
  }
}
