import EventLoop
import HTTP
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Idempotency keys of jobs", .bounded, .timeLimit(.minutes(5)))
struct JobKeysTests {
  @Test("a call has one key, however often it is sent, and shares it with no other")
  func keys() {
    var keys = JobKeys()
    var others = JobKeys()
    let tries = [keys.next(), keys.next(), others.next(), others.next()]
    let all = tries.flatMap { `try` in (0..<3).map(`try`.key(ofCall:)) }
    #expect(Set(all).count == all.count)
    #expect(tries[0].key(ofCall: 1) == tries[0].key(ofCall: 1))
    // Every server takes them for a header's value, and for an id.
    #expect(all.allSatisfy { $0.count < 64 && $0.allSatisfy { $0.isASCII && $0 != " " } })
  }

  @Test(
    "calls of one try, tries of one request, and requests that are alike have keys of their own")
  func sent() async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      let pipeline = ImagePipeline(try PipelineHarness.catalog(simulator))
      // Two at once of a model that makes one a call, and then the next model of the provider for
      // the one that failed.
      var request = ImageRequest(prompt: "a fox")
      request.count = 2
      PipelineHarness.fail(simulator, 1)
      let result = try await pipeline.generate(request, client: client.value)
      #expect(result.images.count == 2 && result.passedOver.map(\.model) == ["sim/a"])
      #expect(simulator.requests("images").count == 3)
      for _ in 0..<2 { _ = try await pipeline.generate(request, client: client.value) }
      let sent = simulator.requests("images").map { $0.header("idempotency-key") ?? "" }
      #expect(sent.count == 7 && Set(sent).count == 7 && !sent.contains(""))
    }
  }
}
