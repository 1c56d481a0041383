import Testing

@testable import Chat
@testable import HTTP

@Suite("Which upstreams answer for which model")
struct UpstreamDirectoryTests {
  private static func directory(_ entries: [UpstreamDirectory.Alias.Entry]) throws
    -> UpstreamDirectory
  {
    let url = try HTTPURL("http://127.0.0.1/v1")
    return UpstreamDirectory(
      upstreams: [
        ChatUpstream(name: "a", baseURL: url, models: .listed(["big"])),
        ChatUpstream(name: "b", baseURL: url, models: .listed(["big", "small"])),
      ], aliases: ["lot": UpstreamDirectory.Alias(entries)])
  }

  @Test("a share is an entry's, however many upstreams stand in for its first")
  func shares() throws {
    let directory = try Self.directory([.init("big", weight: 3), .init("small", weight: 1)])
    let route = try #require(directory.route("lot"))
    var generator = SystemRandomNumberGenerator()
    var orders: [[String]: Int] = [:]
    for _ in 0..<4000 { orders[route.order(using: &generator).map(\.name), default: 0] += 1 }
    let big = ["a/big", "b/big", "b/small"]
    #expect(Set(orders.keys) == [big, ["b/small", "a/big", "b/big"]])
    // Three quarters of 4000, and six standard deviations to both sides.
    #expect((2835...3165).contains(orders[big] ?? 0))
  }

  @Test("without shares the order decides, and an entry without one comes last")
  func order() throws {
    var generator = SystemRandomNumberGenerator()
    let plain = try Self.directory([.init("small"), .init("big")])
    let mixed = try Self.directory([.init("small"), .init("b/big", weight: 1)])
    for _ in 0..<20 {
      #expect(
        plain.route("lot")?.order(using: &generator).map(\.name) == ["b/small", "a/big", "b/big"])
      #expect(
        mixed.route("lot")?.order(using: &generator).map(\.name) == ["b/big", "b/small"])
    }
  }
}
