import Testing

@testable import Images

@Suite("Fingerprints of requests")
struct RequestFingerprintTests {
  private static func form(
    _ boundary: String, prompt: String = "a hat", file: String = "bytes", name: String = "image"
  ) -> String {
    let body = [
      "--\(boundary)\r\ncontent-disposition: form-data; name=\"prompt\"\r\n\r\n\(prompt)\r\n",
      "--\(boundary)\r\ncontent-disposition: form-data; name=\"\(name)\"; filename=\"a.png\"\r\n",
      "content-type: image/png\r\n\r\n\(file)\r\n--\(boundary)--\r\n",
    ].joined()
    return RequestFingerprint.make(
      path: "/v1/images/edits", scope: "k", body: Array(body.utf8),
      contentType: "multipart/form-data; boundary=\(boundary)")
  }

  @Test("of forms are the same whatever their boundary is, and differ with all that they say")
  func forms() {
    let first = Self.form("abc")
    #expect(first == Self.form("0123456789abcdef"))
    let others = [
      Self.form("abc", prompt: "a hat "), Self.form("abc", file: "byte"),
      Self.form("abc", name: "mask"),
    ]
    #expect(Set(others + [first]).count == 4)
  }

  @Test("of other bodies are of every byte, of the path and of whose they are")
  func others() {
    func make(_ path: String, _ scope: String, _ body: String, _ type: String? = nil) -> String {
      RequestFingerprint.make(path: path, scope: scope, body: Array(body.utf8), contentType: type)
    }
    let all = [
      make("/a", "k", "{}"), make("/a", "k", "{ }"), make("/b", "k", "{}"), make("/a", "l", "{}"),
      make("/a", "k", "broken", "multipart/form-data"), make("/ak", "", "{}"),
    ]
    #expect(Set(all).count == all.count)
    #expect(make("/a", "k", "{}", "application/json") == all[0])
    #expect(all.allSatisfy { $0.count == 64 })
  }
}
