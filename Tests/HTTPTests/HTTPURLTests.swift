import Testing

@testable import HTTP

@Suite("URLs")
struct HTTPURLTests {
  @Test(
    "a URL is read in its parts",
    arguments: [
      ("http://a", "a", 80, "/", "a"),
      ("https://a", "a", 443, "/", "a"),
      ("HTTPS://Api.Example.COM/V1", "api.example.com", 443, "/V1", "api.example.com"),
      ("http://a:8080/b?c=d#e", "a", 8080, "/b?c=d", "a:8080"),
      ("http://a?b", "a", 80, "/?b", "a"),
      ("http://a#b", "a", 80, "/", "a"),
      ("http://a:80", "a", 80, "/", "a"),
      ("https://a:80", "a", 80, "/", "a:80"),
      ("http://[::1]:81/x", "::1", 81, "/x", "[::1]:81"),
      ("http://[2001:DB8::1]", "2001:db8::1", 80, "/", "[2001:db8::1]"),
      ("http://127.0.0.1:65535//x", "127.0.0.1", 65535, "//x", "127.0.0.1:65535"),
      ("http://a/b@c", "a", 80, "/b@c", "a"),
      ("http://a_b-c/", "a_b-c", 80, "/", "a_b-c"),
    ])
  func parts(_ text: String, _ host: String, _ port: Int, _ path: String, _ header: String) throws {
    let url = try HTTPURL(text)
    #expect(url.host == host)
    #expect(url.port == port)
    #expect(url.path == path)
    #expect(url.hostHeader == header)
    #expect(try HTTPURL(url.description) == url)
  }

  @Test(
    "what could be understood in two ways is refused",
    arguments: [
      "", "a", "//a", "/a", "ftp://a", "http:a", "http:/a", "http://", "http:///a", "http://:80",
      "http://u@a", "http://u:p@a/", "http://a:", "http://a:0", "http://a:65536", "http://a:-1",
      "http://a:+80", "http://a:8 0", "http://a:80:80", "http://a b", "http://a\\b",
      "http://a\r\nX",
      "http://a/\n", "http://a/\0", "http://é", "http://a/é", "http://[::1", "http://[]",
      "http://[::1]x", "http://[fe80::1%25eth0]", "http://[g::]", "http://a%41", "http://a;b",
      " http://a", "http://a ", "http://a:٨٠", "http://a:99999999999999999999",
    ])
  func refused(_ text: String) {
    #expect(throws: HTTPURL.HTTPURLError.self) { try HTTPURL(text) }
  }

  @Test("a host of more than 253 and a URL of more than 8192 characters are refused")
  func bounds() {
    let name = String(repeating: "a", count: 253)
    #expect(throws: Never.self) { try HTTPURL("http://\(name)") }
    #expect(throws: HTTPURL.HTTPURLError.self) { try HTTPURL("http://\(name)a") }
    let path = String(repeating: "a", count: 8183)
    #expect(throws: Never.self) { try HTTPURL("http://a/" + path.dropLast()) }
    #expect(throws: HTTPURL.HTTPURLError.self) { try HTTPURL("http://a/" + path + "a") }
  }

  @Test(
    "a path is put below a URL",
    arguments: [
      ("https://a/v1", "models", "https://a/v1/models"),
      ("https://a/v1/", "/models", "https://a/v1/models"),
      ("https://a", "models", "https://a/models"),
      ("https://a/v1?k=1", "models", "https://a/v1/models?k=1"),
      ("http://[::1]:80/x//", "y/z", "http://[::1]/x/y/z"),
    ])
  func appending(_ base: String, _ path: String, _ expected: String) throws {
    #expect(try HTTPURL(base).appending(path: path).description == expected)
  }

  @Test(
    "addresses that point inside are told from public ones",
    arguments: [
      ([8, 8, 8, 8], true), ([127, 0, 0, 1], false), ([10, 1, 2, 3], false),
      ([172, 15, 0, 1], true), ([172, 16, 0, 1], false), ([172, 31, 255, 255], false),
      ([172, 32, 0, 1], true), ([192, 168, 0, 1], false), ([169, 254, 169, 254], false),
      ([100, 64, 0, 1], false), ([100, 128, 0, 1], true), ([0, 0, 0, 0], false),
      ([224, 0, 0, 1], false), ([255, 255, 255, 255], false), ([198, 18, 0, 1], false), ([], false),
      ([UInt8](repeating: 0, count: 15) + [1], false),
      ([UInt8](repeating: 0, count: 10) + [255, 255, 127, 0, 0, 1], false),
      ([UInt8](repeating: 0, count: 10) + [255, 255, 8, 8, 8, 8], true),
      ([0x26, 0x06, 0x47] + [UInt8](repeating: 0, count: 13), true),
      ([0xFE, 0x80] + [UInt8](repeating: 0, count: 14), false),
      ([0xFD, 0x00] + [UInt8](repeating: 0, count: 14), false),
      ([0x20, 0x02, 127, 0, 0, 1] + [UInt8](repeating: 0, count: 10), false),
      ([0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 12), false),
      ([0x00, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8) + [10, 0, 0, 1], false),
    ] as [([UInt8], Bool)])
  func publicAddresses(_ ip: [UInt8], _ isPublic: Bool) {
    #expect(AddressGuard.isPublic(ip) == isPublic)
  }
}
