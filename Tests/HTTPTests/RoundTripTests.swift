import Testing

@testable import HTTP

@Suite("Encoding and parsing")
struct RoundTripTests {
  @Test("a request that was encoded is parsed to the same request", arguments: 1...20)
  func requests(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
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
        for piece in random.split(body) { ChunkEncoder.append(piece.span, to: &wire) }
        ChunkEncoder.appendLast(to: &wire)
      } else {
        wire += body
      }
      let verdict = RequestDriver.verdict(random.split(wire).map { $0[...] })
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
    var random = SeededGenerator(seed: seed)
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
        for piece in random.split(body) { ChunkEncoder.append(piece.span, to: &wire) }
        ChunkEncoder.appendLast(to: &wire)
      } else {
        wire += body
      }
      var parser = ResponseHeadParser(limits: .response)
      var decoder: BodyDecoder?
      var buffer = ByteBuffer()
      var read: [UInt8] = []
      var isFinished = false
      for piece in random.split(wire) {
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

/// A small random generator (SplitMix64) whose runs can be repeated from their seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() % UInt64(bound)) }
  mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

  /// Cuts bytes in pieces of random lengths.
  mutating func split(_ bytes: [UInt8]) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + 1 + below(40))
      pieces.append(Array(bytes[start..<end]))
      start = end
    }
    return pieces
  }
}
