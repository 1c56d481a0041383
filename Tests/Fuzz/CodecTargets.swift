import HTTP

/// What a parser made of its input.
private struct Reading: Equatable {
  var lines: [String] = []
  var bodies: [[UInt8]] = []
  var refusal: Int?
}

private func read(_ pieces: [ArraySlice<UInt8>]) -> Reading {
  var reading = Reading()
  var buffer = ByteBuffer()
  var parser = RequestHeadParser(limits: HTTPLimits())
  var decoder: BodyDecoder?
  var body: [UInt8] = []
  do throws(HTTPParseError) {
    for piece in pieces {
      buffer.append(Array(piece).span)
      while true {
        if decoder == nil {
          guard let head = try parser.parse(&buffer) else { break }
          reading.lines.append("\(head.method.name) \(head.target) \(head.headers.wireBytes)")
          decoder = BodyDecoder(head.framing, limits: HTTPLimits())
          body = []
        }
        guard case .finished = try decoder?.decode(&buffer, into: &body, max: .max) else { break }
        reading.bodies.append(body)
        decoder = nil
      }
    }
  } catch {
    reading.refusal = error.status
  }
  return reading
}

/// A request is read alike whole, byte by byte and cut in two.
func fuzzHTTP(_ input: [UInt8]) throws {
  let whole = read([input[...]])
  let bytes = read(input.indices.map { input[$0...$0] })
  guard whole == bytes else {
    throw WireDisagreement(description: "whole: \(whole), byte by byte: \(bytes)")
  }
  let middle = input.count / 2
  let halves = read([input[..<middle], input[middle...]])
  guard whole == halves else {
    throw WireDisagreement(description: "whole: \(whole), cut at \(middle): \(halves)")
  }
  for line in whole.lines where line.contains("\r") || line.contains("\n") {
    throw WireDisagreement(description: "a line break got through: \(line)")
  }
}

let httpSeeds: [[UInt8]] = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    + "5;x=\"y\"\r\nhello\r\n0\r\nA: b\r\n\r\n",
  "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n"
    + "GET /b HTTP/1.0\r\n\r\n",
].map { Array($0.utf8) }
