import OpenAIWire
import Testing

@Suite("SSE framer")
struct SSEFramerTests {
  private func frames(_ text: String) throws -> [SSEFrame] {
    var framer = SSEFramer()
    framer.push(Array(text.utf8))
    var frames: [SSEFrame] = []
    while let frame = try framer.nextFrame() { frames.append(frame) }
    return frames
  }

  private func text(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: Array(bytes), as: UTF8.self)
  }

  @Test("blocks are told apart by what is in them")
  func kinds() throws {
    let found = try frames("data: a\n\n: c\n\n\nevent: ping\n\nid: 1\n:c\ndata\n\nretry:1\r\n\r\n")
    #expect(found.map(\.kind) == [.event, .comment, .blank, .fields, .event, .fields])
    #expect(found.map(\.hasOtherFields) == [false, false, false, true, true, true])
    #expect(
      found.map { text($0.raw) } == [
        "data: a\n\n", ": c\n\n", "\n", "event: ping\n\n", "id: 1\n:c\ndata\n\n",
        "retry:1\r\n\r\n",
      ])
  }

  @Test("one data line is a range of the stream, several are joined")
  func data() throws {
    let found = try frames("data: {\"a\":1}\n\ndata: x\n:c\ndata:\ndata:  y\n\ndata: [DONE]\n\n")
    #expect(found.map { $0.data.map(text) } == ["{\"a\":1}", "x\n\n y", "[DONE]"])
    #expect(found.map(\.dataLineCount) == [1, 3, 1])
    #expect(found.map(\.isDone) == [false, false, true])
    let first = try #require(found.first)
    #expect(first.dataRange == 6..<13)
    #expect(found[1].dataRange == nil)
    #expect(try JSONSlice.parse(first.bytes, in: 6..<13)["a"]?.int == 1)
  }

  @Test("a frame outlives the pushes that follow it")
  func outlives() throws {
    var framer = SSEFramer()
    var kept: [SSEFrame] = []
    for index in 0..<20 {
      framer.push(Array("\(index)\n\ndata: ".utf8).span)
      while let frame = try framer.nextFrame() { kept.append(frame) }
    }
    #expect(kept.map { text($0.raw) } == ["0\n\n"] + (1..<20).map { "data: \($0)\n\n" })
    #expect(kept.dropFirst().map { text($0.data ?? []) } == (1..<20).map(String.init))
  }

  @Test("a block that ends with a CR is given out before its LF arrives")
  func promptCR() throws {
    var framer = SSEFramer()
    framer.push(Array("data: a\r\n\r".utf8))
    let first = try #require(try framer.nextFrame())
    #expect(text(first.raw) == "data: a\r\n\r")
    framer.push(Array("\n".utf8))
    #expect(try framer.nextFrame() == nil)
    framer.push(Array("data: b\r\n\r\n".utf8))
    let second = try #require(try framer.nextFrame())
    #expect(text(second.raw) == "\ndata: b\r\n\r\n")
    #expect(text(second.data ?? []) == "b")
    #expect(try framer.nextFrame() == nil)
  }

  @Test("the limit holds for a block's bytes, alike however it arrives", arguments: [1, 3, 64])
  func limit(size: Int) throws {
    let block = "data: 0123456789\r\n"
    for (limit, fits) in [(block.utf8.count, true), (block.utf8.count - 1, false)] {
      let stream = Array("data: a\n\n\(block)\r\ndata: b\n\n".utf8)
      var framer = SSEFramer(limit: limit)
      var count = 0
      var error: SSEError?
      for start in stride(from: 0, to: stream.count, by: size) where error == nil {
        framer.push(Array(stream[start..<min(start + size, stream.count)]))
        do { while try framer.nextFrame() != nil { count += 1 } } catch let thrown {
          error = thrown
        }
      }
      #expect(count == (fits ? 3 : 1))
      #expect(error == (fits ? nil : .eventTooLarge(limit: limit)))
      if !fits {
        #expect(throws: SSEError.eventTooLarge(limit: limit)) { try framer.nextFrame() }
        #expect(throws: SSEError.eventTooLarge(limit: limit)) { try framer.takeWholeFrames() }
      }
    }
  }

  @Test("an endless block is refused, and memory stays bounded")
  func endless() {
    for useBatches in [false, true] {
      var framer = SSEFramer(limit: 1000)
      var pushed = 0
      #expect(throws: SSEError.eventTooLarge(limit: 1000)) {
        while pushed < 100_000 {
          framer.push([UInt8](repeating: UInt8(ascii: "x"), count: 100))
          pushed += 100
          if useBatches { _ = try framer.takeWholeFrames() } else { _ = try framer.nextFrame() }
        }
      }
      #expect(pushed == 1100)
    }
  }

  @Test("complete blocks are taken at once, the unfinished one stays")
  func batch() throws {
    var framer = SSEFramer()
    framer.push(Array("data: a\n\ndata: tool_calls\n\ndata: c".utf8))
    #expect(framer.wholeFrames.contains("tool_calls"))
    #expect(text(try framer.takeWholeFrames()) == "data: a\n\ndata: tool_calls\n\n")
    #expect(try framer.takeWholeFrames().isEmpty)
    framer.push(Array("\n".utf8))
    #expect(framer.wholeFrames.isEmpty)
    framer.push(Array("\ndata: d\n\n".utf8))
    let frame = try #require(try framer.nextFrame())
    #expect(text(frame.raw) == "data: c\n\n")
    #expect(text(framer.wholeFrames) == "data: d\n\n")
    #expect(text(try framer.takeWholeFrames()) == "data: d\n\n")
    #expect(framer.takeRemainder().isEmpty)
  }

  @Test("a batch that is one whole push comes back without a copy")
  func noCopy() throws {
    var framer = SSEFramer()
    let pushed = Array("data: a\n\ndata: b\r\n\r\n".utf8)
    framer.push(pushed)
    let taken = try framer.takeWholeFrames()
    let isShared = pushed.withUnsafeBufferPointer { first in
      taken.withUnsafeBufferPointer { $0.baseAddress == first.baseAddress }
    }
    #expect(isShared)
  }

  @Test("what is left at the end of a stream is the unfinished block")
  func remainder() throws {
    var framer = SSEFramer()
    framer.push(Array("data: a\n\ndata: b\n".utf8))
    #expect(try framer.nextFrame() != nil)
    #expect(try framer.nextFrame() == nil)
    #expect(text(framer.takeRemainder()) == "data: b\n")
    #expect(framer.takeRemainder().isEmpty)
  }
}
