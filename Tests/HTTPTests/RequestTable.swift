/// What a table expects of a request.
enum Outcome: Sendable, Equatable, CustomStringConvertible {
  case accepted(bodies: [String])
  case refused(Int)
  case cut

  /// One request without a body.
  static let accepted = Outcome.accepted(bodies: [""])

  init(_ verdict: Verdict) {
    switch verdict {
    case .accepted(let requests):
      self = .accepted(bodies: requests.map { String(decoding: $0.body, as: UTF8.self) })
    case .refused(let status, _): self = .refused(status)
    case .cut: self = .cut
    }
  }

  var description: String {
    switch self {
    case .accepted(let bodies): "accepted \(bodies)"
    case .refused(let status): "\(status)"
    case .cut: "cut"
    }
  }
}

/// A row: bytes (one for each scalar, so that "\u{FF}" is one byte) and what becomes of them.
typealias RequestRow = (input: String, outcome: Outcome)

/// The start of a request whose fields a row continues.
private let get = "GET / HTTP/1.1\r\nHost: a\r\n"
private let post = "POST / HTTP/1.1\r\nHost: a\r\n"
private let chunked = post + "Transfer-Encoding: chunked\r\n\r\n"
private let end = "\r\n"

enum RequestTable {
  /// RFC 9112, sections 2 and 3.
  static let startLines: [RequestRow] = [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", .accepted),
    ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .accepted),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .refused(400)),
    ("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET /\u{0B}HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET /\u{0C}HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\nHost: a\n\n", .refused(400)),
    ("GET / HTTP/1.1\rHost: a\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET /\r\n\r\n", .refused(400)),
    ("GET\r\n\r\n", .refused(400)),
    ("/ HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("G\u{E9}T / HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("get / HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GeT / HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n", .accepted),
    ("QUERY / HTTP/1.1\r\nHost: a\r\n\r\n", .accepted),
    ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", .refused(501)),
    ("GET / HTTP/1.0\r\n\r\n", .accepted),
    ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", .refused(505)),
    ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", .refused(505)),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .refused(505)),
    ("GET / HTTP/9.9\r\nHost: a\r\n\r\n", .refused(505)),
    ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET / HTTP/01.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET / HTTP/1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET / HTTP/1,1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET / HTTP/+1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET / HTTP/ 1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET / http/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET / HTTPS/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.\u{B9}\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1", .cut),
    ("GET / HTTP/1.1\r", .cut),
    ("GET / HTTP/1.1\r\n", .cut),
    ("", .cut),
  ]

  /// RFC 9112, section 3.2.
  static let targets: [RequestRow] = [
    ("GET /a?b=c&d HTTP/1.1\r\nHost: a\r\n\r\n", .accepted),
    ("GET //a HTTP/1.1\r\nHost: a\r\n\r\n", .accepted),
    ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", .accepted),
    ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET /\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET ?a HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", .accepted),
    ("OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET http://b/c HTTP/1.1\r\nHost: a\r\n\r\n", .accepted),
    ("GET HTTP://b HTTP/1.1\r\nHost: a\r\n\r\n", .accepted),
    ("GET http://b?c HTTP/1.1\r\nHost: a\r\n\r\n", .accepted),
    ("GET http:///c HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET http:// HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET http://u@b/c HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET http://b:x/c HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET http://:80/c HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET ftp://b/c HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", .refused(400)),
  ]

  /// RFC 9110, sections 5 and 7.2; RFC 9112, section 5.
  static let fields: [RequestRow] = [
    ("GET / HTTP/1.1\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", .accepted),
    ("GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", .accepted),
    ("GET / HTTP/1.1\r\nHost: a:\r\n\r\n", .accepted),
    ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", .accepted),
    ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: []\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: a?\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: a\u{E9}\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", .refused(400)),
    ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", .refused(400)),
    (get + "X:\r\n\r\n", .accepted),
    (get + "X:\t y \t\r\n\r\n", .accepted),
    (get + "X: \u{E9}\u{FF}\r\n\r\n", .accepted),
    (get + "!#$%&'*+-.^_`|~09: y\r\n\r\n", .accepted),
    (get + "X : y\r\n\r\n", .refused(400)),
    (get + "X\t: y\r\n\r\n", .refused(400)),
    (get + "X y: z\r\n\r\n", .refused(400)),
    (get + " X: y\r\n\r\n", .refused(400)),
    (get + "\tX: y\r\n\r\n", .refused(400)),
    (get + "X: y\r\n z\r\n\r\n", .refused(400)),
    (get + "X: y\r\n\tz\r\n\r\n", .refused(400)),
    (get + " \r\n\r\n", .refused(400)),
    (get + ": y\r\n\r\n", .refused(400)),
    (get + "X\r\n\r\n", .refused(400)),
    (get + "X(: y\r\n\r\n", .refused(400)),
    (get + "X\": y\r\n\r\n", .refused(400)),
    (get + "X/: y\r\n\r\n", .refused(400)),
    (get + "X[: y\r\n\r\n", .refused(400)),
    (get + "X\u{80}: y\r\n\r\n", .refused(400)),
    (get + "X\0: y\r\n\r\n", .refused(400)),
    (get + "X: \0\r\n\r\n", .refused(400)),
    (get + "X: \u{01}\r\n\r\n", .refused(400)),
    (get + "X: \u{08}\r\n\r\n", .refused(400)),
    (get + "X: \u{1F}\r\n\r\n", .refused(400)),
    (get + "X: \u{7F}\r\n\r\n", .refused(400)),
    (get + "X: a\rb\r\n\r\n", .refused(400)),
    (get + "X: a\nb: c\r\n\r\n", .refused(400)),
    (get + "X: a\r\r\n\r\n", .refused(400)),
    (get + "\n", .refused(400)),
    (get + "\r\r\n", .refused(400)),
    (get + "X", .cut),
    (get + "X: y\r\n", .cut),
    (get + "\r", .cut),
    (get + "Connection: close\r\n\r\n", .accepted),
    (get + "Expect: 100-continue\r\n\r\n", .accepted),
    (get + "Expect: 100-Continue\r\n\r\n", .accepted),
    (get + "Expect: 100\r\n\r\n", .refused(417)),
    (get + "Expect: 100-continue, x\r\n\r\n", .refused(417)),
    (get + "Expect: 100-continue\r\nExpect: x\r\n\r\n", .refused(417)),
    (get + "Expect:\r\n\r\n", .refused(417)),
  ]

  /// RFC 9112, section 6.
  static let framing: [RequestRow] = [
    (post + "Content-Length: 0\r\n\r\n", .accepted),
    (post + "Content-Length: 2\r\n\r\nab", .accepted(bodies: ["ab"])),
    (post + "Content-Length: 002\r\n\r\nab", .accepted(bodies: ["ab"])),
    (post + "Content-Length: 3\r\n\r\nab", .cut),
    (post + "Content-Length: 1\r\n\r\nabc", .cut),
    (post + "Content-Length: 2\r\n\r\nab" + get + end, .accepted(bodies: ["ab", ""])),
    (get + end + get + end + get + end, .accepted(bodies: ["", "", ""])),
    (get + "Content-Length: 2\r\n\r\nab", .accepted(bodies: ["ab"])),
    (post + "Content-Length:\r\n\r\n", .refused(400)),
    (post + "Content-Length: -1\r\n\r\n", .refused(400)),
    (post + "Content-Length: +1\r\n\r\na", .refused(400)),
    (post + "Content-Length: 1 1\r\n\r\n", .refused(400)),
    (post + "Content-Length: 1,1\r\n\r\na", .refused(400)),
    (post + "Content-Length: 1.0\r\n\r\na", .refused(400)),
    (post + "Content-Length: 1_0\r\n\r\na", .refused(400)),
    (post + "Content-Length: 1e1\r\n\r\na", .refused(400)),
    (post + "Content-Length: 0x1\r\n\r\na", .refused(400)),
    (post + "Content-Length: \"1\"\r\n\r\na", .refused(400)),
    (post + "Content-Length: 1;\r\n\r\na", .refused(400)),
    (post + "Content-Length: \u{B2}\r\n\r\na", .refused(400)),
    (post + "Content-Length: \u{0B}1\r\n\r\na", .refused(400)),
    (post + "Content-Length: 9223372036854775807\r\n\r\n", .refused(413)),
    (post + "Content-Length: 9223372036854775808\r\n\r\n", .refused(400)),
    (post + "Content-Length: 18446744073709551617\r\n\r\na", .refused(400)),
    (post + "Content-Length: 67108865\r\n\r\n", .refused(413)),
    (post + "Content-Length: 67108864\r\n\r\n", .cut),
    (post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", .refused(400)),
    (post + "Content-Length: 1\r\ncontent-length: 2\r\n\r\na", .refused(400)),
    (post + "Content-Length: x\r\n", .refused(400)),
    (post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", .refused(400)),
    (post + "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n", .accepted),
    (post + "Transfer-Encoding:\tchunked\t\r\n\r\n0\r\n\r\n", .accepted),
    (post + "Transfer-Encoding: \r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding: identity\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding: gzip\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", .refused(501)),
    (post + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding: 'chunked'\r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding: chun ked\r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding\u{00}: chunked\r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", .refused(400)),
    (post + "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .refused(400)),
    (
      post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
      .refused(400)
    ),
    (
      post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      .refused(400)
    ),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .refused(400)),
    ("POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\na", .accepted(bodies: ["a"])),
  ]

  /// RFC 9112, section 7.1.
  static let chunks: [RequestRow] = [
    (chunked + "0\r\n\r\n", .accepted),
    (chunked + "1\r\na\r\n0\r\n\r\n", .accepted(bodies: ["a"])),
    (chunked + "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", .accepted(bodies: ["abc"])),
    (chunked + "0000a\r\n0123456789\r\n000\r\n\r\n", .accepted(bodies: ["0123456789"])),
    (chunked + "A\r\n0123456789\r\n0\r\n\r\n", .accepted(bodies: ["0123456789"])),
    (chunked + "1\r\na\r\n0\r\n\r\n" + get + end, .accepted(bodies: ["a", ""])),
    (chunked + "1;a\r\na\r\n0;b=c;d\r\n\r\n", .accepted(bodies: ["a"])),
    (chunked + "1; a=b; c\r\na\r\n0; x=\"y\"; z=w\r\n\r\n", .accepted(bodies: ["a"])),
    (chunked + "1;a = b ;c\r\na\r\n0\r\n\r\n", .accepted(bodies: ["a"])),
    (chunked + "1;a=\"b\\\";\\\\\"\r\na\r\n0\r\n\r\n", .accepted(bodies: ["a"])),
    (chunked + "1;\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1;=a\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1;a=\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1;a=\"b\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1;a=\"b\\\"\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1;a=\"b\"c\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1;a b\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1;a \r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1;a\nb\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1;a\rb\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1 \r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1\t\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1 ;a\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + " 1\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "+1\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "-1\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "-0\r\n\r\n", .refused(400)),
    (chunked + "1_0\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "0x1\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "x\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1g\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1.\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "\u{B9}\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1,\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "\r\n0\r\n\r\n", .refused(400)),
    (chunked + "\n0\r\n\r\n", .refused(400)),
    (chunked + "1\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1\r\na\n0\r\n\r\n", .refused(400)),
    (chunked + "1\r\na\r0\r\n\r\n", .refused(400)),
    (chunked + "1\r\na0\r\n\r\n", .refused(400)),
    (chunked + "1\r\nab\r\n0\r\n\r\n", .refused(400)),
    (chunked + "2\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "1\rX\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "FFFFFFFFFFFFFFFF\r\n", .refused(400)),
    (chunked + "10000000000000000\r\n", .refused(400)),
    (chunked + "7FFFFFFFFFFFFFFF\r\n", .refused(400)),
    (chunked + "00000000000000000001\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "4000001\r\n", .refused(413)),
    (chunked + "0\r\nX: y\r\n\r\n", .accepted),
    (chunked + "0\r\nX: y\r\nZ: w\r\n\r\n", .accepted),
    (chunked + "0\r\nX : y\r\n\r\n", .refused(400)),
    (chunked + "0\r\n X: y\r\n\r\n", .refused(400)),
    (chunked + "0\r\nX: y\r\n z\r\n\r\n", .refused(400)),
    (chunked + "0\r\nX\r\n\r\n", .refused(400)),
    (chunked + "0\r\nX: y\n\r\n", .refused(400)),
    (chunked + "0\r\n\n", .refused(400)),
    (chunked + "0\r\n\rX", .refused(400)),
    (chunked + "0\r\nContent-Length: 1\r\n\r\n", .refused(400)),
    (chunked + "0\r\nTransfer-Encoding: chunked\r\n\r\n", .refused(400)),
    (chunked + "0\r\nHost: b\r\n\r\n", .refused(400)),
    (chunked + "0\r\nAuthorization: b\r\n\r\n", .refused(400)),
    (chunked + "0\r\n", .cut),
    (chunked + "0\r\nX: y\r\n", .cut),
    (chunked + "5\r\nab", .cut),
    (chunked + "1\r\na", .cut),
    (chunked + "1\r\na\r", .cut),
    (chunked + "1\r\na\r\n", .cut),
    (chunked, .cut),
  ]

  private static func many(_ text: String, _ count: Int) -> String {
    String(repeating: text, count: count)
  }

  /// At the bounds of `HTTPLimits` and one past them.
  static let bounds: [RequestRow] = [
    ("GET /" + many("a", 8178) + " HTTP/1.1\r\nHost: a\r\n\r\n", .accepted),
    ("GET /" + many("a", 8179) + " HTTP/1.1\r\nHost: a\r\n\r\n", .refused(414)),
    ("GET /" + many("a", 9000), .refused(414)),
    (get + "X: " + many("a", 32_700) + "\r\n\r\n", .accepted),
    (get + "X: " + many("a", 32_768) + "\r\n\r\n", .refused(431)),
    (get + many("a", 40_000), .refused(431)),
    (get + many("X: y\r\n", 99) + "\r\n", .accepted),
    (get + many("X: y\r\n", 100) + "\r\n", .refused(431)),
    (chunked + "1;" + many("a", 1022) + "\r\na\r\n0\r\n\r\n", .accepted(bodies: ["a"])),
    (chunked + "1;" + many("a", 1023) + "\r\na\r\n0\r\n\r\n", .refused(400)),
    (chunked + "0\r\nX: " + many("a", 8180) + "\r\n\r\n", .accepted),
    (chunked + "0\r\nX: " + many("a", 8192) + "\r\n\r\n", .refused(431)),
    (chunked + "0\r\n" + many("X: y\r\n", 101) + "\r\n", .refused(431)),
  ]

  static let all = startLines + targets + fields + framing + chunks + bounds
}
