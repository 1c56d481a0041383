import OpenAIWire
import Testing

@Suite("SSE writer")
struct SSEWriterTests {
  private func events(_ bytes: [UInt8]) throws -> [SSEEvent] {
    var parser = SSEParser()
    parser.push(bytes)
    var events: [SSEEvent] = []
    while let event = try parser.next() { events.append(event) }
    return events
  }

  @Test(
    "data comes back as it was written, line breaks as LF",
    arguments: [
      ("", ""), ("x", "x"), (" x", " x"), ("a\nb", "a\nb"), ("a\r\nb\rc", "a\nb\nc"),
      ("\n", "\n"), ("a\n\n", "a\n\n"), ("data: x\n\nid: 1", "data: x\n\nid: 1"),
    ])
  func data(text: String, read: String) throws {
    let found = try events(SSEWriter.event(text: text, event: "e"))
    #expect(found.map(\.text) == [read])
    #expect(found.map(\.event) == ["e"])
  }

  @Test("a line break in a type cannot forge a field")
  func type() throws {
    let found = try events(SSEWriter.event(text: "x", event: "e\ndata: forged"))
    #expect(found.map(\.text) == ["x"])
    #expect(found.map(\.event) == ["e"])
  }

  @Test("a comment is nothing but a comment", arguments: ["", "ping", "a\n\ndata: x\r\rdata: y"])
  func comment(text: String) throws {
    var framer = SSEFramer()
    framer.push(SSEWriter.comment(text))
    #expect(try framer.nextFrame()?.kind == .comment)
    #expect(try framer.nextFrame() == nil)
    #expect(framer.takeRemainder().isEmpty)
  }

  @Test("the end mark is OpenAI's")
  func done() {
    #expect(SSEWriter.done == Array("data: [DONE]\n\n".utf8))
    #expect(SSEWriter.event(text: "x") == Array("data: x\n\n".utf8))
  }
}
