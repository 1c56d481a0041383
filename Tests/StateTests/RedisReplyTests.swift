import Testing

@testable import State

@Suite("Redis protocol")
struct RedisReplyTests {
  private static let wire: [UInt8] = Array(
    """
    +OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\n\0b\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n\
    *3\r\n:1\r\n*2\r\n+a\r\n$1\r\nb\r\n$-1\r\n
    """.utf8)
  private static let replies: [RedisReply] = [
    .status("OK"), .error("ERR no"), .integer(-42), .bulk(Array("a\r\n\0b".utf8)), .bulk([]), .null,
    .null, .array([]),
    .array([.integer(1), .array([.status("a"), .bulk([98])]), .null]),
  ]

  private func read(_ parts: [ArraySlice<UInt8>]) throws -> [RedisReply] {
    let reader = RedisReader()
    var replies: [RedisReply] = []
    for part in parts where !part.isEmpty {
      try reader.feed(Array(part).span)
      while let reply = try reader.next() { replies.append(reply) }
    }
    return replies
  }

  @Test("replies are the same whole, byte by byte and cut at every place")
  func splits() throws {
    let wire = Self.wire
    #expect(try read([wire[...]]) == Self.replies)
    #expect(try read(wire.indices.map { wire[$0...$0] }) == Self.replies)
    for cut in wire.indices {
      #expect(try read([wire[..<cut], wire[cut...]]) == Self.replies, "cut at \(cut)")
    }
  }

  @Test(
    "what is no reply is refused, and more than is ever asked for too",
    arguments: [
      "HTTP/1.1 200 OK\r\n", "?\r\n", "$-5\r\n", "$x\r\n", "$1\r\nabX", "*-7\r\n", ":\r\n",
      ":1x\r\n",
      "*32769\r\n", "*2000000000\r\n", "*99999999999999999999\r\n", "*1\r\n*40000\r\n",
      "$99999999999999999999\r\n",
    ])
  func malformed(_ text: String) throws {
    // hiredis looks at a bulk's end only when as much is there.
    let padding = text.hasPrefix("$1\r\n") ? "\r\n" : ""
    let error = #expect(throws: StateError.self) {
      _ = try read([Array((text + padding).utf8)[...]])
    }
    #expect(error?.kind == .malformed)
  }

  @Test("a reply that has no end is cut off, and many that have one are not")
  func endless() throws {
    let reader = RedisReader()
    try reader.feed(Array("*30000\r\n".utf8).span)
    let error = #expect(throws: StateError.self) {
      let part = Array(
        repeating: Array("$1000\r\n".utf8) + Array(repeating: 1, count: 1000) + [13, 10], count: 60
      )
      .flatMap { $0 }
      for _ in 0..<400 {
        try reader.feed(part.span)
        while try reader.next() != nil {}
      }
    }
    #expect(error?.kind == .malformed)
    let patient = RedisReader()
    let part = Array("$1000000\r\n".utf8) + Array(repeating: 1, count: 1_000_000) + [13, 10]
    for _ in 0..<20 {
      try patient.feed(part.span)
      #expect(try patient.next()?.bytes?.count == 1_000_000)
    }
  }

  @Test("commands are written with their lengths, whatever is in them")
  func commands() {
    let bytes = RedisCommand.encode([Array("SET".utf8), [], [13, 10, 0]])
    #expect(bytes == Array("*3\r\n$3\r\nSET\r\n$0\r\n\r\n$3\r\n\r\n\0\r\n".utf8))
  }

  @Test("answers go to the commands in the order of their sending, however many wait")
  func waiting() throws {
    var waiting = RedisWaiting()
    var sent: UInt64 = 0
    var answered: UInt64 = 0
    for round in 1...300 {
      for _ in 0..<round % 17 {
        waiting.append(RedisWaiting.Entry(deadline: sent) { _ in })
        sent += 1
      }
      for _ in 0..<round % 13 {
        #expect(waiting.first?.deadline == waiting.popFirst()?.deadline)
        if answered < sent { answered += 1 }
        if let next = waiting.first { #expect(next.deadline == answered) }
        #expect(waiting.count == Int(sent - answered))
      }
    }
    #expect(waiting.removeAll().map(\.deadline) == Array(answered..<sent))
    #expect(waiting.popFirst() == nil && waiting.count == 0)
  }
}
