import Chat
import Testing

@Suite("The end of a stream")
struct StreamEndTests {
  private func verdict(_ events: [String], rest: String = "") -> StreamEnd.Verdict {
    var end = StreamEnd()
    for event in events { end.note(Array("data: \(event)\n\n".utf8)) }
    return end.verdict(rest: Array(rest.utf8))
  }

  private static let word = #"{"choices":[{"delta":{"content":"a"},"finish_reason":null}]}"#
  private static let stop = #"{"choices":[{"delta":{},"finish_reason": "stop"}]}"#

  @Test("with its end, a stream is complete")
  func complete() {
    #expect(verdict([Self.word, Self.stop, "[DONE]"]) == .complete)
    #expect(verdict([Self.word, "[DONE]"]) == .complete)
    #expect(verdict([Self.word], rest: "data: [DONE]") == .complete)
    #expect(verdict([Self.word, Self.stop, #"{"choices":[],"usage":{}}"#]) == .complete)
    #expect(verdict([Self.word], rest: "data: \(Self.stop)\n") == .complete)
    for type in ["completed", "incomplete", "cancelled"] {
      #expect(verdict([#"{"type":"response.\#(type)"}"#]) == .complete)
    }
  }

  @Test("what cannot be judged is complete")
  func unknown() {
    #expect(verdict(["words"]) == .complete)
    #expect(verdict([#"{"type":"speech.audio.delta"}"#]) == .complete)
    #expect(verdict([#"{"n":1}"#]) == .complete)
  }

  @Test("without its end, a stream is cut")
  func cut() {
    #expect(verdict([Self.word]) == .cut)
    #expect(verdict([Self.word], rest: #"data: {"choices":[{"del"#) == .cut)
    #expect(verdict([Self.word], rest: "data: \(Self.word)\n") == .cut)
    #expect(verdict([#"{"type":"response.output_text.delta"}"#]) == .cut)
    // What a model says is no member.
    let quoted = #"{"choices":[{"delta":{"content":"\"finish_reason\":\"stop\""}}]}"#
    #expect(verdict([quoted]) == .cut)
    var end = StreamEnd()
    end.note(Array("data: \(Self.word)\n\n".utf8))
    end.note(Array(": ping\n\n".utf8))
    #expect(end.verdict(rest: []) == .cut, "a comment is no end")
    #expect(verdict([]) == .cut, "comments alone are no answer")
    #expect(verdict([#"{"choices":[{"delta":{"content":"finish_reason"}}]}"#]) == .cut)
    #expect(verdict([#"{"choices":[{"delta":{},"finish_reason":""}]}"#]) == .cut)
  }

  @Test("what is over is over, however the connection ends")
  func over() {
    func isOver(_ events: String...) -> Bool {
      var end = StreamEnd()
      for event in events { end.note(Array("data: \(event)\n\n".utf8)) }
      return end.isOver
    }
    #expect(isOver(Self.word, Self.stop) && isOver(Self.word, "[DONE]"))
    #expect(isOver(#"{"type":"response.completed"}"#) && isOver(#"{"error":{}}"#))
    #expect(!isOver() && !isOver(Self.word) && !isOver(#"{"n":1}"#) && !isOver("words"))
    #expect(!isOver(#"{"error":false,"choices":[]}"#))
  }

  @Test(
    "the end mark says that nothing follows, and nothing else does",
    arguments: [
      ("data: [DONE]\n\n", true), ("data:[DONE]\r\n\r\n", true),
      ("data: 1\n\ndata: [DONE]\r\r", true),
      ("data: [DONE]\n\ndata: 1\n\n", false), ("data: {\"content\":\"[DONE]\"}\n\n", false),
      ("data: [\"DONE\"]\n\n", false), (": [DONE]\n\n", false), ("\n\n", false), ("", false),
    ])
  func done(events: String, isDone: Bool) {
    var end = StreamEnd()
    end.note(Array(events.utf8))
    #expect(end.isDone == isDone)
    end.note(Array(": alive\n\n".utf8))
    #expect(end.isDone == isDone)
  }

  private static func part(_ index: Int, _ finish: String = "null") -> String {
    #"{"choices":[{"index":\#(index),"delta":{"content":"a"},"finish_reason":\#(finish)}]}"#
  }

  private func verdictOfSeveral(_ events: [String], rest: String = "") -> StreamEnd.Verdict {
    var end = StreamEnd(hasSeveralChoices: true)
    for event in events { end.note(Array("data: \(event)\n\n".utf8)) }
    #expect(end.isOver == (end.verdict(rest: []) != .cut))
    return end.verdict(rest: Array(rest.utf8))
  }

  @Test("of several answers each has to be over")
  func several() {
    let (stop, length) = (#""stop""#, #""length""#)
    let begun = [Self.part(0), Self.part(1), Self.part(0, stop)]
    #expect(verdictOfSeveral(begun) == .cut, "the second is not over")
    #expect(verdictOfSeveral(begun + [Self.part(1, "\"\"")]) == .cut)
    #expect(verdictOfSeveral(begun + [Self.part(1, length)]) == .complete)
    #expect(verdictOfSeveral(begun, rest: "data: \(Self.part(1, length))\n") == .complete)
    #expect(verdictOfSeveral(begun + ["[DONE]"]) == .complete)
    #expect(verdictOfSeveral(begun + [#"{"error":{}}"#]) == .failed)
    let both =
      #"{"choices":[{"index":0,"finish_reason":"stop"},{"index":1,"finish_reason":"stop"}]}"#
    #expect(verdictOfSeveral([Self.part(0), Self.part(1), both]) == .complete)
    // A server that does not know `n`.
    #expect(verdictOfSeveral([Self.part(0), Self.part(0, stop)]) == .complete)
    #expect(verdictOfSeveral([Self.part(0)]) == .cut)
  }

  @Test("an error at the end is the upstream's failure")
  func failed() {
    #expect(verdict([Self.word, #"{"error":{"message":"no"}}"#]) == .failed)
    #expect(verdict([Self.word], rest: #"data: {"error":{"message":"no"}}"#) == .failed)
    #expect(verdict([#"{"type":"response.failed"}"#]) == .failed)
    #expect(verdict([#"{"type":"error"}"#]) == .failed)
  }
}
