import Testing

@testable import HTTP

@Suite("Requests, row by row")
struct RequestTableTests {
  @Test(
    "every row gets its verdict, however its bytes are split",
    arguments: [
      RequestTable.startLines, RequestTable.targets, RequestTable.fields, RequestTable.framing,
      RequestTable.chunks, RequestTable.bounds,
    ].map(Rows.init))
  func rows(_ table: Rows) {
    for row in table.rows {
      let (verdict, differing) = Splits.check(latin1(row.input))
      let shown = row.input.prefix(200)
      #expect(Outcome(verdict) == row.outcome, "\(shown.debugDescription)")
      #expect(differing.isEmpty, "\(shown.debugDescription): \(verdict), but \(differing)")
    }
  }

  struct Rows: Sendable, CustomTestStringConvertible {
    let rows: [RequestRow]
    var testDescription: String { "\(rows.count) rows" }
  }

  @Test("a body past the bound is refused with 413, in chunks as well")
  func bodyBound() {
    var limits = HTTPLimits()
    limits.body = 4
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    for (body, status) in [
      ("4\r\nabcd\r\n0\r\n\r\n", nil), ("5\r\n", 413), ("3\r\nabc\r\n2\r\n", 413),
    ] {
      let (verdict, differing) = Splits.check(latin1(head + body), limits: limits)
      #expect(verdict.status == status)
      #expect(differing.isEmpty)
    }
  }

  @Test("a target in absolute form is read as its path and query")
  func absoluteForm() {
    for (target, expected) in [
      ("http://b/c?d", "/c?d"), ("https://b", "/"), ("http://b?c", "/?c"), ("/x?y?z", "/x?y?z"),
    ] {
      let bytes = latin1("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
      guard case .accepted(let requests) = RequestDriver.verdict(Splits.whole(bytes)) else {
        Issue.record("\(target) is refused")
        continue
      }
      #expect(requests.map(\.target) == [expected])
    }
  }

  @Test(
    "keep-alive follows version and Connection",
    arguments: [
      ("1.1", "", true), ("1.1", "close", false), ("1.1", "Close", false),
      ("1.1", "x, close", false), ("1.1", "keep-alive, close", false), ("1.0", "", false),
      ("1.0", "Keep-Alive", true), ("1.0", "close, keep-alive", false), ("1.1", "closed", true),
    ])
  func keepAlive(_ version: String, _ connection: String, _ expected: Bool) throws {
    var buffer = ByteBuffer()
    buffer.append(
      latin1("GET / HTTP/\(version)\r\nHost: a\r\nConnection: \(connection)\r\n\r\n").span)
    var parser = RequestHeadParser(limits: HTTPLimits())
    let head = try #require(try parser.parse(&buffer))
    #expect(head.keepAlive == expected)
  }
}

/// One byte for each scalar below 256.
func latin1(_ text: String) -> [UInt8] {
  text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
}
