import Testing

@testable import HTTP

@Suite("When a server wants to be asked again")
struct RetryAfterTests {
  @Test(
    "seconds, dates and milliseconds are read, and what makes no sense is not",
    arguments: [
      ("5", .seconds(5)), ("0.5", .milliseconds(500)), ("0", .zero),
      ("Sun, 06 Nov 1994 08:49:47 GMT", .seconds(10)), ("Sun, 06 Nov 1994 08:49:07 GMT", .zero),
      ("-5", nil), ("nan", nil), ("inf", nil), ("soon", nil), ("", nil),
    ] as [(String, Duration?)])
  func read(_ text: String, _ expected: Duration?) {
    #expect(RetryAfter.read(["retry-after": text], now: 784_111_777) == expected)
  }

  @Test(
    "a number that is absurdly large is a long pause, not none", arguments: ["9999999999", "1e300"])
  func huge(_ text: String) throws {
    #expect(try #require(RetryAfter.read(["retry-after": text])) == .seconds(1_000_000_000))
  }
}
