import EventLoop
import Testing

@testable import Chat
@testable import HTTP

@Suite("Answers that have come whole")
struct ClientAnswerTests {
  private func isCut(
    _ body: [UInt8], _ fields: String = "content-type: application/json"
  ) throws -> Bool {
    var buffer = ByteBuffer()
    buffer.append(Array("HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n".utf8).span)
    var parser = ResponseHeadParser(limits: .response)
    let head = try #require(try parser.parse(&buffer))
    return ClientAnswer(head: head, body: body).isCut
  }

  @Test("where an answer ends with its connection, its JSON tells whether it is whole")
  func cut() throws {
    let whole: [UInt8] = [0xEF, 0xBB, 0xBF] + Array(#"{"choices": [{"text": "é"}]}"#.utf8)
    for length in 1..<whole.count {
      #expect(try isCut(Array(whole.prefix(length))), "\(length) bytes")
    }
    #expect(try !isCut(whole))
    #expect(try !isCut(whole + Array("\r\n".utf8)))
    #expect(try !isCut([]), "nothing is another fault")
    #expect(try !isCut(Array("words".utf8)))
  }

  @Test("JSON that is wrong within is cut where its end is missing, too")
  func wrongAndCut() throws {
    for text in [#"{"a":NaN}"#, #"{"a":1}{"b":2}"# + "\n", "[1,]", "NaN"] {
      #expect(try !isCut(Array(text.utf8)), "\(text)")
    }
    for text in [#"{"a":NaN, "b":["#, #"{"a":1}{"b":"#, "[1,,2\n"] {
      #expect(try isCut(Array(text.utf8)), "\(text)")
    }
  }

  @Test("what is called something else, or nothing, is JSON where it begins as an object")
  func otherTypes() throws {
    for field in ["content-type: text/plain", "x-any: 1"] {
      #expect(try isCut(Array("\n{\"choices\":[{\"mess".utf8), field))
      #expect(try isCut([0xEF, 0xBB], field))
      for text in ["{}", "words", "[1", "\"a", "<think>", "data: {"] {
        #expect(try !isCut(Array(text.utf8), field), "\(text)")
      }
    }
  }

  @Test("where something else tells, the JSON is not looked at")
  func told() throws {
    let begin = Array(#"{"choices":"#.utf8)
    for field in ["content-length: 11", "transfer-encoding: chunked", "content-encoding: br"] {
      #expect(try !isCut(begin, "content-type: application/json\r\n" + field), "\(field)")
    }
  }
}
