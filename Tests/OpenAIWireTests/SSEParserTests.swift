import OpenAIWire
import Testing

@Suite("SSE parser")
struct SSEParserTests {
  @Test("an event carries its exact bytes")
  func raw() throws {
    var parser = SSEParser()
    parser.push(Array(": c\r\nevent: e\r\ndata: [DONE]\r\n\r\ndata: x\n\n".utf8))
    let first = try #require(try parser.next())
    #expect(first.raw == Array(": c\r\nevent: e\r\ndata: [DONE]\r\n\r\n".utf8))
    #expect(first.event == "e")
    #expect(first.isDone)
    let second = try #require(try parser.next())
    #expect(second.event == "message")
    #expect(!second.isDone)
    #expect(try parser.next() == nil)
  }

  @Test("a retry that no integer holds is ignored")
  func retry() throws {
    var parser = SSEParser()
    parser.push(Array("retry: 50\n\nretry: 99999999999999999999\n\nretry: -1\n\n".utf8))
    #expect(try parser.next() == nil)
    #expect(parser.retry == .milliseconds(50))
  }

  @Test("an event past the limit ends the stream with an error, after the events before it")
  func limit() throws {
    var parser = SSEParser(limit: 10)
    parser.push(Array("data: a\n\ndata: 0123456789\n\n".utf8))
    #expect(try parser.next()?.text == "a")
    #expect(throws: SSEError.eventTooLarge(limit: 10)) { try parser.next() }
  }

  @Test("random streams are read alike by all readers, in pieces of every size", arguments: 1...8)
  func random(seed: UInt64) throws {
    var source = RandomJSON(seed: seed)
    let pieces = [
      "data", "data:", "data: ", "id: 1", "id", "event: e", "retry: 7", ":", ": c", "x", " ",
      "\n", "\n", "\r", "\r\n", "\n\n", "\r\n\r\n", "\r\r", "\u{FEFF}", "é", "\0", "[DONE]",
    ]
    for _ in 0..<250 {
      var stream = (0..<source.below(30)).flatMap { _ in Array(source.pick(pieces).utf8) }
      if source.below(3) == 0 { stream = source.mutated(stream) }
      #expect(throws: Never.self, "\(stream)") { try fuzzSSE(stream) }
    }
  }

  @Test("every seed of the fuzzer is read alike by all readers")
  func seeds() throws {
    for seed in sseSeeds { try fuzzSSE(seed) }
  }
}
