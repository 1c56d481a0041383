import Testing

@testable import HTTP

@Suite("Answers, as a client reads them")
struct ResponseHeadTests {
  /// Status, framing and keep-alive of an answer to GET; nil where it is refused.
  static let rows: [(String, String?)] = [
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200 length(5) true"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 length(0) true"),
    ("HTTP/1.1 200 \r\n\r\n", "200 untilClose true"),
    ("HTTP/1.1 200\r\n\r\n", "200 untilClose true"),
    ("HTTP/1.1 200 a b\u{E9}\r\n\r\n", "200 untilClose true"),
    ("HTTP/1.0 200 OK\r\n\r\n", "200 untilClose false"),
    (
      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n", "200 length(1) true"
    ),
    ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n", "200 length(1) false"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "200 chunked true"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", "200 chunked true"),
    ("HTTP/1.1 204 No Content\r\n\r\n", "204 none true"),
    ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "204 none true"),
    ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 none true"),
    ("HTTP/1.1 100 Continue\r\n\r\n", "100 none true"),
    ("HTTP/1.1 599 x\r\nContent-Length: 1\r\n\r\n", "599 length(1) true"),
    ("HTTP/1.1 600 x\r\n\r\n", nil),
    ("HTTP/1.1 099 x\r\n\r\n", nil),
    ("HTTP/1.1 20 OK\r\n\r\n", nil),
    ("HTTP/1.1 2000 OK\r\n\r\n", nil),
    ("HTTP/1.1 +20 OK\r\n\r\n", nil),
    ("HTTP/1.1  200 OK\r\n\r\n", nil),
    ("HTTP/1.1 200\tOK\r\n\r\n", nil),
    ("HTTP/1.1\r\n\r\n", nil),
    ("HTTP/2.0 200 OK\r\n\r\n", nil),
    ("HTTP/1.2 200 OK\r\n\r\n", nil),
    ("http/1.1 200 OK\r\n\r\n", nil),
    ("ICY 200 OK\r\n\r\n", nil),
    ("\r\nHTTP/1.1 200 OK\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\nContent-Length: 5\n\n", nil),
    ("HTTP/1.1 200 O\rK\r\n\r\n", nil),
    ("HTTP/1.1 200 O\0K\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\n X: y\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\nX : y\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\nX: \0\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\nX\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", nil),
    ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", nil),
    ("HTTP/1.1 204 x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 70_000) + "\r\n\r\n", nil),
    ("HTTP/1.1 200 " + String(repeating: "a", count: 9000) + "\r\n\r\n", nil),
    ("HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 201) + "\r\n", nil),
  ]

  @Test("every row is read as it should be, whole and byte by byte")
  func table() {
    for (input, expected) in Self.rows {
      let bytes = latin1(input)
      for pieces in [Splits.whole(bytes), Splits.single(bytes)] {
        #expect(Self.read(pieces) == expected, "\(input.prefix(200).debugDescription)")
      }
    }
  }

  private static func read(
    _ pieces: [ArraySlice<UInt8>], for method: HTTPMethod = .get
  ) -> String? {
    var parser = ResponseHeadParser(limits: .response)
    var buffer = ByteBuffer()
    do throws(HTTPParseError) {
      for piece in pieces {
        buffer.append(Array(piece).span)
        guard let head = try parser.parse(&buffer) else { continue }
        return "\(head.status) \(head.framing(forRequest: method)) \(head.keepAlive)"
      }
    } catch {
      return nil
    }
    return "cut"
  }

  @Test("an answer to HEAD has no body, whatever its fields promise")
  func head() {
    let bytes = latin1("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    #expect(Self.read(Splits.whole(bytes), for: .head) == "200 none true")
  }

  @Test("only a body that lasts until the close is whole when the connection ends")
  func endOfConnection() throws {
    for (framing, input, isWhole) in [
      (BodyFraming.untilClose, "abc", true), (.length(3), "abc", true), (.length(4), "abc", false),
      (.chunked, "1\r\na\r\n", false), (.chunked, "1\r\na\r\n0\r\n\r\n", true), (.none, "", true),
    ] {
      var decoder = BodyDecoder(framing, limits: .unbounded)
      var buffer = ByteBuffer()
      buffer.append(latin1(input).span)
      var body: [UInt8] = []
      _ = try decoder.decode(&buffer, into: &body, max: .max)
      if isWhole {
        #expect(throws: Never.self) { try decoder.finishAtEOF() }
      } else {
        #expect(throws: HTTPParseError.self) { try decoder.finishAtEOF() }
      }
    }
  }
}
