import EventLoop
import HTTP
import OpenAIWire
import TestSupport
import Testing

@testable import Images

@Suite("Pictures of a JSON body", .bounded, .timeLimit(.minutes(5)))
struct NamedPicturesTests {
  /// Reads the body of an edit, where a server on the loopback is trusted: `PLACE` in it stands for
  /// its address. Its pictures have the lengths that their paths say.
  private static func edit(
    _ body: String, imageLimit: Int = 1000, totalLimit: Int = 1 << 20
  ) async throws -> Result<ImageRequest, OpenAIError> {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let server = try await HTTPServer.start(group: group, host: "127.0.0.1", port: 0) { exchange in
      guard let length = Int(exchange.head.path.dropFirst()) else {
        return exchange.respond(404, [:], [])
      }
      exchange.respond(200, [:], GeneratedImage.png(length).bytes)
    }
    let port = server.port
    let text = body.replacing("PLACE", with: "http://127.0.0.1:\(port)")
    let result = try await loop.run { () -> Result<ImageRequest, OpenAIError> in
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      defer { client.closeIdleConnections() }
      let fetch = InputImageFetch(client: client, limit: imageLimit) { $0.port == port }
      do throws(OpenAIError) {
        let call = try ImagesCall.edit(
          Array(text.utf8), contentType: "application/json", imageLimit: imageLimit)
        return .success(try await call.requestWithPictures(fetch: fetch, totalLimit: totalLimit))
      } catch {
        return .failure(error)
      }
    }
    await server.close()
    await group.shutdown()
    return result
  }

  private static func data(_ length: Int) -> String {
    var text: [UInt8] = []
    Base64.append(GeneratedImage.png(length).bytes, to: &text)
    return "data:image/png;base64," + String(decoding: text, as: UTF8.self)
  }

  @Test("are in it or at a URL, in their order, and so is the mask")
  func taken() async throws {
    let request = try await Self.edit(
      """
      {"prompt":"x","images":[{"image_url":"PLACE/300"},{"image_url":"\(Self.data(200))"},
       {"image_url":{"url":"PLACE/100"}}],"mask":{"image_url":"PLACE/150"}}
      """
    ).get()
    #expect(request.images.map(\.bytes.count) == [300, 200, 100])
    #expect(request.mask?.bytes.count == 150)
    let single = try await Self.edit("{\"prompt\":\"x\",\"image\":\"PLACE/400\"}").get()
    #expect(single.images.map(\.bytes.count) == [400])
  }

  @Test("are not fetched while the call is read, so that a paid request is looked up before")
  func late() throws {
    let body = #"{"prompt":"x","images":["https://127.0.0.1:1/a.png"],"mask":"https://[::1]:1/m"}"#
    let call = try ImagesCall.edit(
      Array(body.utf8), contentType: "application/json", imageLimit: 1000)
    #expect(call.request.images.isEmpty && call.request.mask == nil)
    for body in [#"{"prompt":"x"}"#, #"{"prompt":"x","images":[]}"#] {
      let error = #expect(throws: OpenAIError.self) {
        try ImagesCall.edit(
          Array(body.utf8), contentType: "application/json", imageLimit: 1000)
      }
      #expect(error?.param == "image")
    }
  }

  @Test(
    "are refused with the field's name, and say nothing of a private network",
    arguments: [
      ("\"images\":[{\"image_url\":\"PLACE/none\"}]", 400, "images", "status 404"),
      ("\"images\":[{\"image_url\":\"http://example.com/a.png\"}]", 400, "images", "only https"),
      ("\"images\":[{\"image_url\":\"file:///etc/passwd\"}]", 400, "images", "only https"),
      ("\"images\":[{\"image_url\":\"https://127.0.0.1:1/a\"}]", 400, "images", "public Internet"),
      ("\"images\":[{\"image_url\":\"https://[::1]:1/a\"}]", 400, "images", "public Internet"),
      ("\"images\":[{\"image_url\":\"picture.png\"}]", 400, "images", "https URL"),
      ("\"images\":[{\"image_url\":\"data:image/png;base64,%%\"}]", 400, "images", "https URL"),
      ("\"images\":[7]", 400, "images", "https URL"),
      ("\"images\":[\"PLACE/9\"],\"image\":\"PLACE/9\"", 400, "image", "all of them in 'images'"),
      ("\"image\":\"PLACE/9\",\"mask\":\"https://10.0.0.1/m\"", 400, "mask", "public Internet"),
      ("\"images\":[\"PLACE/1001\"]", 413, nil, "larger than 1000 bytes"),
      ("\"images\":[\"PLACE/900\",\"PLACE/900\"]", 413, nil, "larger than 1500 bytes"),
      (
        "\"images\":[\(Array(repeating: "7", count: 17).joined(separator: ","))]", 400, "image",
        "16"
      ),
    ] as [(String, Int, String?, String)])
  func refused(members: String, status: Int, param: String?, says: String) async throws {
    let result = try await Self.edit("{\"prompt\":\"x\",\(members)}", totalLimit: 1500)
    guard case .failure(let error) = result else {
      Issue.record("it was taken")
      return
    }
    #expect(error.status == status && error.param == param)
    #expect(error.message.contains(says) && !error.message.contains("127.0.0"), "\(error.message)")
  }
}
