import SeededRandom
import Testing

@testable import HTTP

@Suite("Encoding and parsing")
struct RoundTripTests {
  @Test("a request that was encoded is parsed to the same request", arguments: 1...20)
  func requests(_ seed: UInt64) throws {
    var random = SeededGenerator(seed)
    for _ in 0..<50 {
      let fields = try Self.fields(&random)
      let body = Self.bytes(&random, upTo: 300)
      let isChunked = random.below(2) == 0
      var wire: [UInt8] = []
      let method = random.pick([HTTPMethod.post, .get, .put, .other("M-SEARCH")])
      RequestEncoder.head(
        method: method, target: "/a?b", host: "h:1", headers: fields,
        framing: isChunked ? .chunked : .length(body.count), into: &wire)
      if isChunked {
        for piece in random.split(body, longest: 40) { ChunkEncoder.append(piece.span, to: &wire) }
        ChunkEncoder.appendLast(to: &wire)
      } else {
        wire += body
      }
      let verdict = RequestDriver.verdict(random.split(wire, longest: 40).map { $0[...] })
      guard case .accepted(let requests) = verdict, let request = requests.first else {
        Issue.record("seed \(seed): \(verdict)")
        return
      }
      #expect(requests.count == 1)
      #expect(request.method == method.name)
      #expect(request.target == "/a?b")
      #expect(request.body == body)
      #expect(request.fields.starts(with: Array("host: h:1\r\n".utf8) + fields.wireBytes))
    }
  }

  @Test("an answer that was encoded is parsed to the same answer", arguments: 1...20)
  func responses(_ seed: UInt64) throws {
    var random = SeededGenerator(seed)
    for _ in 0..<50 {
      let fields = try Self.fields(&random)
      let body = Self.bytes(&random, upTo: 300)
      let isChunked = random.below(2) == 0
      let status = random.pick([200, 201, 404, 500, 503, 599])
      var wire: [UInt8] = []
      ResponseEncoder.head(
        status: status, headers: fields, framing: isChunked ? .chunked : .length(body.count),
        keepAlive: random.below(2) == 0, date: HTTPDate(seconds: 0).bytes, into: &wire)
      if isChunked {
        for piece in random.split(body, longest: 40) { ChunkEncoder.append(piece.span, to: &wire) }
        ChunkEncoder.appendLast(to: &wire)
      } else {
        wire += body
      }
      var parser = ResponseHeadParser(limits: .response)
      var decoder: BodyDecoder?
      var buffer = ByteBuffer()
      var read: [UInt8] = []
      var isFinished = false
      for piece in random.split(wire, longest: 40) {
        buffer.append(piece.span)
        if decoder == nil, let head = try parser.parse(&buffer) {
          #expect(head.status == status)
          decoder = BodyDecoder(head.framing(forRequest: .get), limits: .unbounded)
        }
        var progress = BodyDecoder.Progress.outputFull
        while progress == .outputFull, decoder != nil {
          progress = try decoder?.decode(&buffer, into: &read, max: read.count + 7) ?? .needsMore
        }
        isFinished = progress == .finished
      }
      #expect(isFinished)
      #expect(read == body)
      #expect(buffer.isEmpty)
    }
  }

  private static func fields(_ random: inout SeededGenerator) throws -> HeaderFields {
    var fields = HeaderFields()
    for index in 0..<random.below(8) {
      let value = (0..<random.below(20)).map { _ in
        Character(Unicode.Scalar(UInt8(0x21 + random.below(0x5E))))
      }
      try fields.append("x-\(index)", String(value))
    }
    return fields
  }

  private static func bytes(_ random: inout SeededGenerator, upTo count: Int) -> [UInt8] {
    (0..<random.below(count)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}
