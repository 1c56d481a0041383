import HTTP
import SeededRandom

/// Connections from which a fuzzer starts on `fuzzHTTP`.
let httpSeeds: [[UInt8]] = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /a?b HTTP/1.0\r\nHost: a:80\r\nConnection: keep-alive\r\n\r\n",
  "\r\nOPTIONS * HTTP/1.1\r\nhost: [::1]:80\r\nX: \t y \r\n\r\n",
  "GET http://b/c HTTP/1.1\r\nHost: a\r\n\r\nGET https://b?c HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcdeGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nA;b=c\r\n0123456789\r\n"
    + "1;b=\"\\\"\"; c\r\nx\r\n00\r\nX: y\r\nZ:\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
].map { Array($0.utf8) }

/// What is put into inputs of `fuzzHTTP`.
let httpTokens: [[UInt8]] = [
  "\r\n", "\r\n\r\n", "\r", "\n", ":", ": ", " ", "\t", ";", "=", "\"", "\\", ",", "[", "]", "@",
  "#", "?", "/", "\0", "\u{7F}", "é", "0", "00000000", "f", "-", "+", "0x", "_", "99999999999",
  "FFFFFFFFFFFFFFFF", "Host: b\r\n", "Content-Length: 3\r\n", "Content-Length: ",
  "Transfer-Encoding: chunked\r\n", "transfer-encoding: gzip, chunked\r\n", "chunked", "X: y\r\n",
  "Expect: 100-continue\r\n", "Expect: x\r\n", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "GET ", "*",
  "http://", "0\r\n\r\n", "1\r\na\r\n", ";a=\"b\"", "; a = b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
].map { Array($0.utf8) }

/// Two readings of the same bytes that do not agree.
private struct CodecDisagreement: Error, CustomStringConvertible {
  var description: String
}

private func agree(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  if !condition { throw CodecDisagreement(description: what()) }
}

/// Small, so that inputs come to them.
private let limits: HTTPLimits = {
  var limits = HTTPLimits()
  limits.startLine = 80
  limits.headerBytes = 160
  limits.headerCount = 6
  limits.body = 40
  limits.trailerBytes = 40
  limits.chunkLine = 24
  return limits
}()

private let bounds = ReferenceHTTP.Bounds(
  startLine: 80, headerBytes: 160, headerCount: 6, body: 40, trailerBytes: 40, chunkLine: 24)

/// What the codec makes of a connection.
private struct Reading: Equatable {
  var requests: [ReferenceHTTP.Request] = []
  var status: Int?
  var isCut = false

  init(_ pieces: [[UInt8]], outputStep: Int) {
    var buffer = ByteBuffer()
    var parser = RequestHeadParser(limits: limits)
    var pending: (head: RequestHead, decoder: BodyDecoder)?
    var body: [UInt8] = []
    func step() throws(HTTPParseError) -> Bool {
      if pending == nil {
        guard let head = try parser.parse(&buffer) else { return false }
        pending = (head, BodyDecoder(head.framing, limits: limits))
        body = []
      }
      let max = body.count + outputStep
      switch try pending?.decoder.decode(&buffer, into: &body, max: max) {
      case .outputFull: return true
      case .finished: break
      default: return false
      }
      guard let (head, decoder) = pending else { return false }
      requests.append(
        .init(
          method: head.method.name, target: head.target, fields: lines(head.headers), body: body,
          trailers: lines(decoder.trailers)))
      pending = nil
      return true
    }
    for piece in pieces {
      buffer.append(piece.span)
      do throws(HTTPParseError) {
        while try step() {}
      } catch {
        status = error.status
        return
      }
    }
    isCut = pending != nil || parser.isWithinHead || !buffer.isEmpty
  }
}

/// The wire's lines, one scalar for each byte.
private func lines(_ fields: HeaderFields) -> [String] {
  fields.wireBytes.split(separator: 0x0A).map { line in
    var text = ""
    for byte in line.dropLast() { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return text
  }
}

/// Reads `input` as what a client sends and as what a server sends, whole and in random pieces,
/// and what the client sends with the reference; throws where they disagree.
func fuzzHTTP(_ input: [UInt8], _ random: inout SeededGenerator) throws {
  let whole = Reading([input], outputStep: 1 << 20)
  let split = Reading(random.split(input), outputStep: 1 + random.below(8))
  try agree(whole == split, "in pieces the requests are \(split), whole \(whole)")

  let expected = ReferenceHTTP(input, bounds)
  try agree(whole.requests == expected.requests, "\(whole) is read, expected \(expected)")
  switch expected.end {
  case .clean: try agree(whole.status == nil, "\(whole.status ?? 0) for a whole request")
  case .refused: try agree(whole.status != nil, "accepted what must be refused")
  case .cut where whole.status == nil:
    // A single empty line before a request is overlooked and leaves no trace.
    try agree(whole.isCut || input.suffix(2) == [0x0D, 0x0A], "a cut request counts as whole")
  case .cut:
    // A fault is reported early; nothing that could follow would have made it right.
    for suffix in [
      "\r\n\r\n", "\n\r\n", " / HTTP/1.1\r\nHost: a\r\n\r\n", ":\r\n\r\n", "\r\n0\r\n\r\n",
    ] {
      let continued = ReferenceHTTP(input + Array(suffix.utf8), bounds)
      try agree(
        continued.requests.count <= whole.requests.count,
        "\(whole.status ?? 0), but followed by \(suffix.debugDescription) it is a request")
    }
  }
  try fuzzResponse(input, &random)
}

private func fuzzResponse(_ input: [UInt8], _ random: inout SeededGenerator) throws {
  let whole = responses([input], outputStep: 1 << 20)
  let split = responses(random.split(input), outputStep: 1 + random.below(8))
  try agree(whole == split, "in pieces the answers are \(split), whole \(whole)")
}

private func responses(_ pieces: [[UInt8]], outputStep: Int) -> [String] {
  var log: [String] = []
  var buffer = ByteBuffer()
  var parser = ResponseHeadParser(limits: limits)
  var decoder: BodyDecoder?
  var body: [UInt8] = []
  func step() throws(HTTPParseError) -> Bool {
    if decoder == nil {
      guard let head = try parser.parse(&buffer) else { return false }
      let framing = head.framing(forRequest: .get)
      log.append("\(head.status) \(framing) \(head.keepAlive) \(lines(head.headers))")
      decoder = BodyDecoder(framing, limits: limits)
      body = []
    }
    switch try decoder?.decode(&buffer, into: &body, max: body.count + outputStep) {
    case .outputFull: return true
    case .finished: break
    default: return false
    }
    log.append("\(body) \(lines(decoder?.trailers ?? [:]))")
    parser = ResponseHeadParser(limits: limits)
    decoder = nil
    return true
  }
  for piece in pieces {
    buffer.append(piece.span)
    do throws(HTTPParseError) {
      while try step() {}
    } catch {
      return log + ["\(error.status)"]
    }
  }
  if let decoder {
    var isWhole = true
    do throws(HTTPParseError) { try decoder.finishAtEOF() } catch { isWhole = false }
    log.append("\(body) at the end: \(isWhole)")
  }
  return log
}
