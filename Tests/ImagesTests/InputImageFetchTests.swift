import EventLoop
import HTTP
import TestSupport
import Testing

@testable import Images

@Suite("Pictures that clients name by URL", .bounded, .timeLimit(.minutes(10)))
struct InputImageFetchTests {
  /// What comes of fetching a path of a server on the loopback, which is trusted.
  static func fetch(_ path: String, limit: Int = 1000) async throws -> Result<Int, ImageFailure> {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let server = try await HTTPServer.start(group: group, host: "127.0.0.1", port: 0) { exchange in
      let redirects = [
        "/once": "/picture", "/loop": "/loop", "/inside": "https://127.0.0.1:9/picture",
        "/away": "http://127.0.0.2/picture",
      ]
      switch exchange.head.path {
      case "/picture": exchange.respond(200, [:], GeneratedImage.png(1000).bytes)
      case "/text": exchange.respond(200, ["content-type": "image/png"], Array("hello".utf8))
      case let path where redirects[path] != nil:
        exchange.respond(302, ["location": redirects[path] ?? ""], [])
      default: exchange.respond(404, [:], [])
      }
    }
    let port = server.port
    let result = try await loop.run { () -> Result<Int, ImageFailure> in
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      defer { client.closeIdleConnections() }
      let fetch = InputImageFetch(client: client, limit: limit) { $0.port == port }
      let url = path.hasPrefix("/") ? "http://127.0.0.1:\(port)\(path)" : path
      do throws(ImageFailure) {
        return .success(try await fetch.picture(at: url).bytes.count)
      } catch {
        return .failure(error)
      }
    }
    await server.close()
    await group.shutdown()
    return result
  }

  @Test("a picture is fetched, also behind a redirect", arguments: ["/picture", "/once"])
  func fetched(path: String) async throws {
    #expect(try await Self.fetch(path).get() == 1000)
  }

  @Test(
    "what is no picture, too large, or inside is not, and the message says which",
    arguments: [
      ("/text", .badRequest, "no picture"), ("/nothing", .badRequest, "status 404"),
      ("/loop", .badRequest, "redirects too often"), ("/away", .badRequest, "only https"),
      ("/inside", .unreachable, "public Internet"),
      ("http://example.com/a.png", .badRequest, "only https"),
      ("file:///etc/passwd", .badRequest, "only https"),
      ("https://127.0.0.1:1/a.png", .unreachable, "public Internet"),
      ("https://[::1]:1/a.png", .unreachable, "public Internet"),
      ("https://169.254.169.254/latest", .unreachable, "public Internet"),
    ] as [(String, ImageFailure.Kind, String)])
  func refused(path: String, kind: ImageFailure.Kind, message: String) async throws {
    guard case .failure(let failure) = try await Self.fetch(path) else {
      Issue.record("it was fetched")
      return
    }
    #expect(failure.kind == kind && failure.message.contains(message), "\(failure.message)")
    // What a private network looks like is not for a stranger to read.
    #expect(!failure.message.contains("127.0.0.") && !failure.message.contains("169.254"))
  }

  @Test("the size is bounded")
  func bound() async throws {
    #expect(try await Self.fetch("/picture", limit: 1000).get() == 1000)
    guard case .failure(let failure) = try await Self.fetch("/picture", limit: 999) else {
      Issue.record("it was fetched")
      return
    }
    #expect(failure.kind == .tooLarge)
  }
}

@Suite("Proposals")
struct ProposalTests {
  func request(_ bytes: Int) throws -> ImageRequest {
    var request = ImageRequest(prompt: "x")
    request.images = [try #require(InputImage(GeneratedImage.png(bytes).bytes))]
    return request
  }

  @Test("the oldest make room for the bytes of new ones, but the newest always stays")
  func bytes() throws {
    let proposals = Proposals(byteCapacity: 2500)
    let ids = try (0..<3).map { _ in proposals.add(try request(1000), scope: "a") }
    #expect(ids.map { proposals.request($0, scope: "a") != nil } == [false, true, true])
    let words = proposals.add(ImageRequest(prompt: "y"), scope: "a")
    #expect(proposals.request(ids[1], scope: "a") != nil)
    let giant = proposals.add(try request(5000), scope: "a")
    #expect(proposals.request(words, scope: "a") == nil)
    #expect(proposals.request(giant, scope: "a")?.images.first?.bytes.count == 5000)
    #expect(proposals.request(giant, scope: "b") == nil)
    let next = proposals.add(try request(1000), scope: "a")
    #expect(proposals.request(giant, scope: "a") == nil)
    #expect(proposals.request(next, scope: "a") != nil)
  }
}
