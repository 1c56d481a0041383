import EventLoop
import Testing

@testable import Chat
@testable import HTTP

@Suite("Answers that have come whole")
struct ClientAnswerTests {
  private func isCut(_ body: [UInt8], _ fields: String = "") throws -> Bool {
    var buffer = ByteBuffer()
    buffer.append(
      Array("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\(fields)\r\n".utf8).span)
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

  @Test("where something else tells, the JSON is not looked at")
  func told() throws {
    let begin = Array(#"{"choices":"#.utf8)
    for field in ["content-length: 11", "transfer-encoding: chunked", "content-encoding: br"] {
      #expect(try !isCut(begin, field + "\r\n"), "\(field)")
    }
  }
}
