import Observability
import Testing

@testable import Gateway

@Suite("The proxy")
struct ConfigurationProxyTests {
  private func proxy(_ environment: [String: String]) throws -> ProxySettings? {
    try load(validUpstream, environment: environment).proxy
  }

  @Test("is absent without its variable")
  func absent() throws {
    #expect(try proxy([:]) == nil)
    #expect(try proxy(["NO_PROXY": "a"]) == nil)
  }

  @Test("is read with its port, credentials and exceptions")
  func full() throws {
    let proxy = try proxy([
      "HTTPS_PROXY": "http://us%40er:p%3Ass@proxy.test:3128/", "NO_PROXY": "a.test, .b.test c",
    ])
    #expect(
      proxy
        == ProxySettings(
          host: "proxy.test", port: 3128, credentials: Secret("us@er:p:ss"),
          exceptions: ["a.test", ".b.test", "c"]))
    #expect(proxy?.credentials?.reveal() == "us@er:p:ss")
  }

  @Test("may be written without a scheme, and with an IPv6 address")
  func short() throws {
    #expect(try proxy(["HTTPS_PROXY": "p:8080"]) == ProxySettings(host: "p", port: 8080))
    #expect(
      try proxy(["HTTPS_PROXY": "http://[::1]:3128"]) == ProxySettings(host: "::1", port: 3128)
    )
    #expect(try proxy(["HTTPS_PROXY": "http://p"])?.port == 80)
  }

  @Test("in lower case wins, as in curl")
  func lowerCase() throws {
    let proxy = try proxy([
      "HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:2", "NO_PROXY": "upper",
      "no_proxy": "lower",
    ])
    #expect(proxy == ProxySettings(host: "lower", port: 2, exceptions: ["lower"]))
  }

  @Test(
    "is left out for the hosts of NO_PROXY",
    arguments: [
      ("api.test", "", true), ("api.test", "*", false), ("api.test", "api.test", false),
      ("API.test", "api.TEST", false), ("v1.api.test", "api.test", false),
      ("v1.api.test", ".api.test", false), ("api.test", ".api.test", false),
      ("v1.api.test", "*.api.test", false), ("myapi.test", "api.test", true),
      ("api.test", "other.test,api.test", false), ("api.test", "api.test:443", false),
      ("api.test", "api.test:8443", true), ("10.1.2.3", "10.0.0.0/8", false),
      ("11.1.2.3", "10.0.0.0/8", true), ("10.1.2.3", "10.1.2.3", false),
      ("10.1.2.3", "0.0.0.0/0", false), ("10.1.2.3", "10.0.0.0/33", true),
      ("10.test", "10.0.0.0/8", true), ("fd00::1", "fd00::1", false),
      ("fd00::1", "[fd00::1]", false),
      ("fd00::1", "[fd00::1]:443", false), ("fd00::1", "fd00::2", true),
      ("localhost", "", false), ("a.localhost", "", false), ("127.0.0.1", "", false),
      ("127.9.9.9", "", false), ("::1", "", false), ("localhost.test", "", true),
      ("api.test", ".", true),
    ])
  func exceptions(host: String, list: String, applies: Bool) throws {
    let proxy = try #require(try proxy(["HTTPS_PROXY": "http://p:1", "NO_PROXY": list]))
    #expect(proxy.applies(toHost: host, port: 443) == applies)
  }
}
