import EventLoop
import HTTP
import Observability
import Synchronization
import TestSupport
import Testing

@testable import Images

@Suite("Requests to a bucket that fails", .bounded, .timeLimit(.minutes(10)))
struct S3RetryTests {
  /// What the server does with a request; the rest answers 200.
  enum Step: Sendable {
    case status(Int)
    case reset
  }

  /// Puts one picture while the server takes these steps.
  /// - Returns: the methods and suffixes of what was asked, and the error.
  private func put(_ steps: [Step]) async throws -> (asked: [String], error: StoreError?) {
    let script = Mutex((steps: steps, asked: [String](), error: StoreError?.none))
    let group = EventLoopGroup(count: 1)
    let server = try await HTTPServer.start(group: group, host: "127.0.0.1", port: 0) { exchange in
      _ = try? await exchange.body()
      let step = script.withLock { script -> Step in
        let suffix = exchange.head.path.split(separator: ".").last ?? ""
        script.asked.append("\(exchange.head.method.name) \(suffix)")
        return script.steps.isEmpty ? .status(200) : script.steps.removeFirst()
      }
      switch step {
      case .status(let status): exchange.respond(status, [:], [])
      case .reset: exchange.abort()
      }
    }
    try await withClient { client in
      let store = S3Store(
        try S3Bucket(
          endpoint: try HTTPURL("http://127.0.0.1:\(server.port)"), region: "r", name: "bbb",
          prefix: "", addressing: .path,
          credentials: S3Credentials(accessKeyID: Secret("i"), secretKey: Secret("s"))))
      let error = await storeError {
        try await store.put(.png(), metadata: "{}".utf8Array, client: client)
      }
      script.withLock { $0.error = error }
    }
    await server.close()
    await group.shutdown()
    return script.withLock { ($0.asked, $0.error) }
  }

  @Test(
    "one failure that passes costs nothing but a moment",
    arguments: [Step.status(500), .status(503), .status(429), .reset])
  func once(step: Step) async throws {
    let (asked, error) = try await put([step])
    #expect(asked == ["PUT json", "PUT json", "PUT png"])
    #expect(error == nil)
  }

  @Test("a second failure is told")
  func twice() async throws {
    let (asked, error) = try await put([.status(503), .status(503)])
    #expect(asked == ["PUT json", "PUT json"])
    #expect(error?.kind == .unavailable && error?.message.contains("status 503") == true)
  }

  @Test("what cannot pass is asked once", arguments: [400, 403, 404])
  func final(status: Int) async throws {
    let (asked, error) = try await put([.status(status)])
    #expect(asked == ["PUT json"])
    #expect(error != nil)
  }

  @Test("metadata whose picture cannot be stored is deleted again")
  func cleanUp() async throws {
    let (asked, error) = try await put([.status(200), .status(403)])
    #expect(asked == ["PUT json", "PUT png", "DELETE json"])
    #expect(error?.kind == .denied)
  }
}
