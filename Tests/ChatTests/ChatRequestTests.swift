import OpenAIWire
import Testing

@testable import Chat

@Suite("A chat request")
struct ChatRequestTests {
  private func request(_ extra: String) throws -> ChatRequest {
    try ChatRequest(Array("{\"model\":\"m\",\"messages\":[]\(extra)}".utf8))
  }

  private func fault(_ extra: String) throws -> OpenAIError {
    try #require(throws: OpenAIError.self) { try request(extra) }
  }

  /// Fields that a request may have or not have.
  private static let optional = ChatRequestFields.Name.allCases.filter {
    ![.model, .messages, .stream, .easel].contains($0)
  }

  @Test("each field that is acted on is found, however its name is spelled", arguments: optional)
  func found(name: ChatRequestFields.Name) throws {
    let escaped = "\\u00\(String(name.text.utf8.first ?? 0, radix: 16))" + name.text.dropFirst()
    for key in [name.text, escaped] {
      let found = try request(",\"x\":0,\"\(key)\":[\"here\"],\"y\":1")
      #expect(found[name]?[0]?.string == "here", "\(key)")
      for other in Self.optional where other != name { #expect(found[other] == nil) }
    }
  }

  @Test("one that stands twice is refused, in each spelling", arguments: optional)
  func twice(name: ChatRequestFields.Name) throws {
    let escaped = "\\u00\(String(name.text.utf8.first ?? 0, radix: 16))" + name.text.dropFirst()
    for second in [name.text, escaped] {
      let error = try fault(",\"\(name.text)\":null,\"\(second)\":null")
      #expect(error.status == 400 && error.param == name.text, "\(second)")
    }
  }

  @Test("one in another case is refused, also where letters are escaped", arguments: optional)
  func otherCase(name: ChatRequestFields.Name) throws {
    let upper = name.text.uppercased()
    let escaped = "\\u00\(String(upper.utf8.first ?? 0, radix: 16))" + name.text.dropFirst()
    for key in [upper, escaped] {
      let error = try fault(",\"\(key)\":null")
      #expect(error.status == 400 && error.param == name.text, "\(key)")
    }
  }

  @Test("what is not acted on may stand twice, and in any case")
  func others() throws {
    #expect(try request(",\"Metadata\":1,\"Metadata\":2,\"x\":1,\"x\":2").model == "m")
  }
}
