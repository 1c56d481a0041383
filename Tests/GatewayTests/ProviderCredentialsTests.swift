import Chat
import HTTP
import Images
import Observability
import Resilience
import Testing

@testable import Gateway

@Suite("Keys of providers, as breakers tell them apart")
struct ProviderCredentialsTests {
  private func credential(_ key: String?, _ headers: HeaderFields = [:]) throws -> String {
    var upstream = ChatUpstream(name: "a", baseURL: try HTTPURL("http://a.test/v1"))
    upstream.apiKey = key.map { Secret($0) }
    upstream.headers = headers
    let credentials = ProviderCredentials(ImageCatalog(providers: []), [upstream])
    return credentials[BreakerKey(.chat, provider: "a", model: "m")]
  }

  @Test("a key, another one, none, and one in a header all differ, and none holds for all")
  func differ() throws {
    let all = try [
      credential(nil), credential("k"), credential("l"), credential(nil, ["api-key": "k"]),
      credential(nil, ["api-key": "l"]),
    ]
    #expect(Set(all).count == all.count)
    #expect(all.allSatisfy { !$0.isEmpty && !$0.contains("k") })
    #expect(try credential("k") == credential("k"))
  }
}
