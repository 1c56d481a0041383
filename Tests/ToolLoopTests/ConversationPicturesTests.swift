import Chat
import OpenAIWire
import Testing

@testable import ToolLoop

/// Ids, requests and calls for tests of pictures.
enum Sample {
  static func id(_ number: Int) -> String {
    "img_" + String(repeating: "0", count: 32 - String(number).count) + String(number)
  }

  static func request(_ messages: String, extra: String = "") throws -> ChatRequest {
    try ChatRequest(Array("{\"model\":\"m\",\"messages\":[\(messages)]\(extra)}".utf8))
  }

  static func user(_ text: String) -> String { message("user", text) }

  static func message(_ role: String, _ text: String) -> String {
    "{\"role\":\"\(role)\",\"content\":\(String(decoding: JSONWriter.string(text), as: UTF8.self))}"
  }

  static func conversation(
    _ messages: String, extra: String = "", restored: [Conversation.RestoredTurn] = []
  ) throws -> Conversation {
    Conversation(
      try request(messages, extra: extra), model: "m", restored: restored,
      tools: [.generate, .edit])
  }

  static func pictures(_ messages: String) throws -> ConversationPictures {
    try conversation(messages).pictures
  }

  static func edit(
    _ arguments: String, _ pictures: ConversationPictures
  ) throws(InvalidArguments) -> EditArguments {
    try EditArguments(Array(arguments.utf8), pictures, ToolLimits())
  }

  static func complaint(_ arguments: String, _ pictures: ConversationPictures) -> String? {
    do throws(InvalidArguments) {
      _ = try edit(arguments, pictures)
      return nil
    } catch {
      return error.message
    }
  }
}

@Suite("Pictures of a conversation")
struct ConversationPicturesTests {
  @Test("each kind is found where it may stand, numbered in order of appearance")
  func kinds() throws {
    let messages = [
      Sample.message("system", "The logo is img_\(String(repeating: "a", count: 32))."),
      """
      {"role":"user","content":[{"type":"text","text":"two"},
      {"type":"image_url","image_url":{"url":"https://example.com/a.png?x=1"}},
      {"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}]}
      """,
      Sample.message(
        "assistant",
        "![a](http://gw:1/v1/images/\(Sample.id(1))) and ![b](data:image/png;base64,REVG)."),
      "{\"role\":\"assistant\",\"content\":\"x\",\"images\":[{\"type\":\"image_url\",\"image_url\":"
        + "{\"url\":\"https://bucket.example.com/\(Sample.id(2)).png?X-Amz-Signature=1\"}}]}",
      "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"{\\\"id\\\":\\\"\(Sample.id(3))\\\"}\"}",
      Sample.user("again \(Sample.id(1)), please"),
    ]
    let pictures = try Sample.pictures(messages.joined(separator: ","))
    let known = (1...7).map { number in
      try? pictures.picture(named: "image_\(number)").description
    }
    #expect(
      known == [
        "image_1 (img_\(String(repeating: "a", count: 32)))",
        "image_2 (https://example.com/a.png?x=1)", "image_3 (attached by the user)",
        "image_4 (\(Sample.id(1)))", "image_5 (attached by the user)",
        "image_6 (\(Sample.id(2)))", "image_7 (\(Sample.id(3)))",
      ])
    #expect(throws: InvalidArguments.self) { try pictures.picture(named: "image_8") }
  }

  @Test(
    "what is no picture of the gateway's or the user's is none",
    arguments: [
      Sample.user("hello"), Sample.user("img_123"), Sample.user("see https://example.com/a.png"),
      Sample.user("img_\(String(repeating: "A", count: 32))"),
      Sample.user("ximg_\(String(repeating: "a", count: 32))"),
      Sample.user("img_\(String(repeating: "a", count: 33))"),
      Sample.message("tool", "data:image/png;base64,QUJD"),
      "{\"role\":\"tool\",\"content\":[{\"image_url\":{\"url\":\"https://example.com/a.png\"}}]}",
      "{\"role\":\"user\",\"content\":\"x\",\"images\":[{\"image_url\":{\"url\":\"https://a.b/c\"}}]}",
      "{\"role\":\"user\",\"content\":[{\"image_url\":{\"url\":\"http://example.com/a.png\"}}]}",
      "{\"role\":\"user\",\"content\":[{\"image_url\":{\"url\":\"file:///etc/passwd\"}}]}",
      "{\"role\":\"user\",\"content\":[{\"image_url\":{\"url\":7}},{\"image_url\":null},3]}",
    ])
  func none(message: String) throws {
    #expect(try Sample.pictures(message).isEmpty)
  }

  @Test(
    "a picture is named by number, id or URL, whatever the model puts around it",
    arguments: [
      ("image_1", 1), (" Image_1\n", 1), (Sample.id(1), 1),
      ("http://gw/v1/images/\(Sample.id(1))", 1),
      ("![x](https://other/v1/images/\(Sample.id(1)))", 1), ("image_2", 2),
      ("https://example.com/a.png", 2),
    ])
  func names(name: String, number: Int) throws {
    let pictures = try Sample.pictures(
      Sample.user("see \(Sample.id(1))")
        + ",{\"role\":\"user\",\"content\":[{\"image_url\":{\"url\":\"https://example.com/a.png\"}}]}"
    )
    #expect(try pictures.picture(named: name).number == number)
  }

  @Test(
    "what does not stand in the conversation has no name, so that it is never fetched",
    arguments: [
      "image_0", "image_2", "1", "", "https://example.com/b.png", "https://example.com/a.pn",
      "https://example.com/a.png?secret=1", "http://169.254.169.254/latest", Sample.id(9),
      "data:image/png;base64,QUJD", "[picture]",
    ])
  func strangers(name: String) throws {
    let pictures = try Sample.pictures(
      "{\"role\":\"user\",\"content\":[{\"image_url\":{\"url\":\"https://example.com/a.png\"}}]}")
    let text = String(decoding: JSONWriter.string(name), as: UTF8.self)
    let complaint = try #require(
      Sample.complaint("{\"prompt\":\"x\",\"image\":\(text)}", pictures))
    #expect(complaint.contains("Known pictures: image_1 (https://example.com/a.png)."))
    let mask = Sample.complaint(
      "{\"prompt\":\"x\",\"image\":\"image_1\",\"mask\":\(text)}", pictures)
    #expect(name.isEmpty || mask?.contains("Known pictures") == true)
  }

  @Test("a picture that only counts is told from one that can be changed")
  func unreachable() throws {
    let pictures = try Sample.pictures(
      "{\"role\":\"user\",\"content\":[{\"image_url\":{\"url\":\"http://example.com/a.png\"}},"
        + "{\"image_url\":{\"url\":\"data:image/png;base64,QUJD\"}}]}")
    #expect(try pictures.picture(named: "image_2").number == 2)
    let complaint = Sample.complaint("{\"prompt\":\"x\",\"image\":\"image_1\"}", pictures)
    #expect(complaint?.contains("not at an https URL") == true)
    #expect(complaint?.contains("Known pictures: image_2 (attached by the user).") == true)
  }

  @Test("the newest twenty are kept, under their own numbers")
  func bound() throws {
    let text = (1...50).map { Sample.id($0) }.joined(separator: " ")
    let pictures = try Sample.pictures(Sample.user(text))
    #expect(throws: InvalidArguments.self) { try pictures.picture(named: "image_30") }
    #expect(try pictures.picture(named: "image_31").description == "image_31 (\(Sample.id(31)))")
    #expect(try pictures.picture(named: Sample.id(50)).number == 50)
    #expect(pictures.known().split(separator: ",").count == 20)
    let endless = String(repeating: Sample.id(1) + " ", count: 10_000) + Sample.id(2)
    let capped = try Sample.pictures(Sample.user(endless))
    #expect(throws: InvalidArguments.self) { try capped.picture(named: Sample.id(2)) }
  }

  @Test("mentions are found in one pass, with neither inside the other")
  func mentions() {
    func found(_ text: String) -> [PictureMentions.Mention] {
      Array(PictureMentions(Array(text.utf8)))
    }
    let id = Sample.id(4)
    #expect(found("img_ img_x \(id)") == [.stored(id: id)])
    #expect(found("data:image/png;base64,AA== \(id)") == [.data(0..<26), .stored(id: id)])
    #expect(found("\(id)(data:image/png;base64,\(id)) \(id)").count == 3)
    #expect(found("data:image/").count == 1 && found("").isEmpty)
  }

  @Test(
    "an attached picture comes out as it went in, escapes and all",
    arguments: [
      "data:image/png;base64,QUI+/w==", "data:image\\/png;base64,QUI+\\/w==",
      "data:image/png;base64,QUI\\u002B/w==",
    ])
  func inline(url: String) throws {
    for message in [
      "{\"role\":\"user\",\"content\":[{\"image_url\":{\"url\":\"\(url)\"}}]}",
      "{\"role\":\"user\",\"content\":[{\"image_url\":\"\(url)\"}]}",
      "{\"role\":\"assistant\",\"content\":\"Here:\\n![\\u00e9](\(url)) it is\"}",
      "{\"role\":\"assistant\",\"content\":\"\",\"images\":[{\"image_url\":{\"url\":\"\(url)\"}}]}",
    ] {
      let reference = try Sample.pictures(message).picture(named: "image_1")
      guard case .inline(let picture) = reference.source else {
        Issue.record("not inline: \(message)")
        return
      }
      #expect(picture.decoded() == [0x41, 0x42, 0x3E, 0xFF], "\(message)")
    }
  }

  @Test(
    "an attachment that is no base64 has no bytes",
    arguments: ["data:,hello", "data:image/png,QUJD", "data:image/png;base64,Q?"])
  func malformed(url: String) throws {
    let reference = try Sample.pictures(
      "{\"role\":\"user\",\"content\":[{\"image_url\":{\"url\":\"\(url)\"}}]}"
    ).picture(named: "image_1")
    guard case .inline(let picture) = reference.source else {
      Issue.record("not inline")
      return
    }
    #expect(picture.decoded() == nil)
  }
}
