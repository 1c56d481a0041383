import Chat
import HTTP
import OpenAIWire
import Testing

@testable import ToolLoop

@Suite("Conversation")
struct ConversationTests {
  func request(_ json: String) throws -> ChatRequest { try ChatRequest(Array(json.utf8)) }

  func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test("without a change the body goes on byte for byte, unknown fields and spellings included")
  func verbatim() throws {
    let json =
      "{ \"model\":\"m\" , \"temperature\": 1.50e0,\"x\":[1,2], \"messages\":[{\"role\":\"user\",\"content\":\"h\\u00e9\"}] }"
    let body = try Conversation(try request(json), model: "m").body()
    #expect(text(body) == json)
  }

  @Test("the model is renamed, Easel's field taken out, the tool added behind the client's")
  func injection() throws {
    let json =
      "{\"model\":\"fast\",\"easel\":{\"image_tool\":\"auto\"},\"messages\":[],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"weather\"}}]}"
    let body = try Conversation(
      try request(json), model: "gpt-x", tools: [.generate]
    ).body()
    let object = try JSONSlice.parse(body)
    #expect(object["model"]?.string == "gpt-x" && object["easel"] == nil)
    #expect(object["tools"]?[0]?["function"]?["name"]?.string == "weather")
    #expect(object["tools"]?[1]?["function"]?["name"]?.string == "generate_image")
  }

  @Test("a turn is appended with its results; a forced choice is not forced again")
  func turns() throws {
    let json =
      "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"generate_image\"}}}"
    var conversation = Conversation(try request(json), model: "m", tools: [.generate])
    let call = ToolCall(
      id: "a", name: "generate_image", arguments: Array("{\"prompt\":\"q\\\"\"}".utf8))
    conversation.append(
      text: Array("Hi\\n".utf8), calls: [(call, Array("{\"status\":\"success\"}".utf8))])
    let object = try JSONSlice.parse(try conversation.body())
    #expect(object["tool_choice"]?.string == "auto")
    let messages = Array(try #require(object["messages"]).elements)
    #expect(messages.map { $0["role"]?.string } == ["user", "assistant", "tool"])
    #expect(messages[1]["content"]?.string == "Hi\n")
    #expect(
      messages[1]["tool_calls"]?[0]?["function"]?["arguments"]?.string == "{\"prompt\":\"q\\\"\"}")
    #expect(messages[2]["tool_call_id"]?.string == "a")
    let closing = try JSONSlice.parse(try conversation.body(closes: true))
    #expect(closing["tools"] == nil && closing["tool_choice"] == nil)
  }

  @Test("pictures in assistant turns become a short reference")
  func history() throws {
    let json =
      "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":\"Look ![x](data:image/png;base64,iVBORw0K==) there\",\"images\":[{\"a\":1}]},{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}}]}]}"
    let object = try JSONSlice.parse(
      try Conversation(try request(json), model: "m").body())
    let messages = Array(try #require(object["messages"]).elements)
    #expect(messages[0]["content"]?.string == "Look ![x]([picture]) there")
    #expect(messages[0]["images"] == nil)
    // The user's own picture is for the model to see.
    #expect(
      messages[1]["content"]?[0]?["image_url"]?["url"]?.string == "data:image/png;base64,AAAA")
  }

  @Test(
    "a turn that was pictures alone keeps a reference",
    arguments: ["", "\"content\":null,", "\"content\":\"\","])
  func pictureAlone(content: String) throws {
    let json =
      "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\(content)\"images\":[{\"a\":1}]}]}"
    let object = try JSONSlice.parse(
      try Conversation(try request(json), model: "m").body())
    let message = try #require(object["messages"]?[0])
    #expect(message["content"]?.string == "[picture]" && message["images"] == nil)
  }

  @Test(
    "letters that are escaped hide no picture",
    arguments: [
      ##"{"role":"assistant","content":"a","im\u0061ges":[{"a":1}]}"##,
      ##"{"role":"assistant","content":"a","\u0069\u006D\u0061\u0067\u0065\u0073":[{"a":1}]}"##,
      ##"{"role":"assistant","content":"d\u0061ta:im\u0061ge/png;base64,AAAA"}"##,
      ##"{"role":"assistant","content":[{"type":"text","text":"data:imag\u0065/png;base64,AAAA"}]}"##,
    ])
  func escapedPictures(message: String) throws {
    let object = try JSONSlice.parse(
      try Conversation(
        try request("{\"model\":\"m\",\"messages\":[\(message)]}"), model: "m"
      ).body())
    let stripped = try #require(object["messages"]?[0])
    #expect(stripped["images"] == nil)
    #expect(!stripped.raw.contains("AAAA"))
  }

  @Test(
    "more pictures than are taken out of one request are a fault of the request",
    arguments: [
      (##"{"role":"assistant","images":[]}"##, ""),
      (##"{"role":"assistant","easel":{}}"##, ""),
      (##"{"type":"text","text":"data:image/"}"##, "["),
    ])
  func manyPictures(item: String, bracket: String) throws {
    func body(_ count: Int) throws -> [UInt8] {
      let items = repeatElement(item, count: count).joined(separator: ",")
      let list = bracket.isEmpty ? items : "{\"role\":\"assistant\",\"content\":[\(items)]}"
      let json = "{\"model\":\"m\",\"messages\":[\(list)]}"
      return try Conversation(try request(json), model: "m").body()
    }
    let stripped = try body(PictureHistory.mostEdits)
    #expect(!stripped.contains("image") && !stripped.contains("easel"))
    let error = #expect(throws: OpenAIError.self) { try body(PictureHistory.mostEdits + 1) }
    #expect(error?.status == 400 && error?.param == "messages")
  }

  @Test("a part that is a picture with words beside it becomes one reference")
  func pictureWithText() throws {
    let json =
      ##"{"model":"m","messages":[{"role":"assistant","content":[{"type":"image_url","text":"data:image/png;base64,AA","image_url":{"url":"data:image/png;base64,AA"}}]}]}"##
    let object = try JSONSlice.parse(try Conversation(try request(json), model: "m").body())
    let part = try #require(object["messages"]?[0]?["content"]?[0])
    #expect(part["text"]?.string == "[picture]" && part["image_url"] == nil)
  }

  @Test("the account of an answer in one piece does not go back to an upstream")
  func account() throws {
    let body = try Conversation(
      request(
        """
        {"model":"m","messages":[{"role":"user","content":"\\"easel\\"","easel":1},
        {"role":"assistant","content":"x","images":[{}],"easel":{"images":[{"id":"a"}]}},
        {"easel":{},"role":"assistant","content":"y"}]}
        """), model: "m"
    ).body()
    let messages = try #require(try JSONSlice.parse(body)["messages"])
    #expect(messages[0]?["easel"]?.int == 1)
    #expect(messages[1].map { $0.members.map(\.key) } == ["role", "content"])
    #expect(messages[2].map { $0.members.map(\.key) } == ["role", "content"])
  }

  @Test("turns come back in order, each with its results before the next message")
  func severalRestored() throws {
    func turn(_ id: String) -> RememberedTurn {
      let call = ToolCall(id: id, name: "generate_image", arguments: Array("{}".utf8))
      return RememberedTurn(calls: [(call, Array("{}".utf8))])
    }
    let message = ##"{"role":"assistant","tool_calls":[{"id":"x"}]}"##
    let json =
      "{\"model\":\"m\",\"messages\":[\(message),{\"role\":\"user\"},\(message),\(message)]}"
    let conversation = Conversation(
      try request(json), model: "m",
      restored: [
        .init(message: 3, turn: turn("c")), .init(message: 2, turn: turn("b")),
        .init(message: 0, turn: turn("a")), .init(message: 1, turn: turn("lost")),
      ])
    let messages = Array(
      try #require(try JSONSlice.parse(try conversation.body())["messages"]).elements)
    let results = messages.map { $0["tool_call_id"]?.string }
    #expect(results == [nil, "a", nil, nil, "b", nil, "c"])
    #expect(
      messages.compactMap { $0["tool_calls"]?[1]?["id"]?.string } == ["a", "b", "c"])
  }

  @Test("the newest turns are looked up, and none with more calls than any model makes")
  func lookedUp() async throws {
    actor Memory: TurnMemory {
      var asked: [[String]] = []
      func remember(_ turn: RememberedTurn, scope: String, callIDs: [String]) {}
      func recall(scope: String, turns: [[String]]) -> [RememberedTurn?] {
        asked = turns
        return turns.map { _ in nil }
      }
    }
    let turns = (0..<20).map { ##"{"tool_calls":[{"id":"\##($0)"}]},"## }.joined()
    let many = (0..<1025).map { ##"{"id":"\##($0)"}"## }.joined(separator: ",")
    let json =
      "{\"model\":\"m\",\"messages\":[\(turns){\"tool_calls\":[{\"id\":1}]},"
      + "{\"tool_calls\":[\(many)]},{\"tool_call_id\":\"19\"}]}"
    let memory = Memory()
    _ = await TurnRestorer.restore(try request(json), from: memory, scope: "k")
    #expect(await memory.asked == (5..<20).reversed().map { ["\($0)"] })
  }

  @Test("a remembered turn comes back into the assistant's message with its results behind it")
  func restored() async throws {
    let json =
      "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"w\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"b\",\"content\":\"sun\"}]}"
    let request = try request(json)
    let memory = LocalTurnMemory()
    let call = ToolCall(id: "a", name: "generate_image", arguments: Array("{}".utf8))
    await memory.remember(
      RememberedTurn(calls: [(call, Array("{}".utf8))]), scope: "k", callIDs: ["b"])
    let stranger = await TurnRestorer.restore(request, from: memory, scope: "other")
    #expect(stranger.isEmpty)
    let turns = await TurnRestorer.restore(request, from: memory, scope: "k")
    let object = try JSONSlice.parse(
      try Conversation(request, model: "m", restored: turns).body())
    let messages = Array(try #require(object["messages"]).elements)
    #expect(messages.map { $0["tool_call_id"]?.string } == [nil, nil, "a", "b"])
    #expect(messages[1]["tool_calls"]?.elements.compactMap { $0["id"]?.string } == ["b", "a"])
  }

  @Test(
    "a second field that the gateway acts on is refused",
    arguments: ["model", "messages", "tools", "easel", "stream"])
  func duplicates(name: String) {
    let value = name == "model" ? "\"m\"" : "[]"
    let json = "{\"model\":\"m\",\"messages\":[],\"\(name)\":\(value),\"\(name)\":\(value)}"
    #expect(throws: OpenAIError.self) { try request(json) }
  }

  @Test(
    "the tool is offered only where the contract says",
    arguments: [
      ("{\"model\":\"m\",\"messages\":[]}", true),
      ("{\"model\":\"m\",\"messages\":[],\"n\":2}", false),
      ("{\"model\":\"m\",\"messages\":[],\"n\":1}", true),
      ("{\"model\":\"m\",\"messages\":[],\"tool_choice\":\"none\"}", false),
      (
        "{\"model\":\"m\",\"messages\":[],\"tools\":[{\"function\":{\"name\":\"generate_image\"}}]}",
        false
      ),
      ("{\"model\":\"m\",\"messages\":[],\"tools\":[{\"function\":{\"name\":\"other\"}}]}", true),
      ("{\"model\":\"m\",\"messages\":[],\"response_format\":{\"type\":\"json_object\"}}", false),
      ("{\"model\":\"m\",\"messages\":[],\"response_format\":{\"type\":\"text\"}}", true),
      ("{\"model\":\"m\",\"messages\":[],\"tools\":null}", true),
      ("{\"model\":\"deaf\",\"messages\":[]}", false),
      ("{\"model\":\"m\",\"messages\":[],\"functions\":[{\"name\":\"f\"}]}", false),
    ])
  func applies(json: String, expected: Bool) throws {
    var upstream = ChatUpstream(name: "u", baseURL: try HTTPURL("https://example.com/v1"))
    upstream.modelsWithoutTools = ["deaf"]
    let directory = UpstreamDirectory(upstreams: [upstream])
    let request = try request(json)
    let target = try #require(directory.route(request.model)?.targets.first)
    func tools(
      _ mode: EaselOptions.ImageTool, hasProviders: Bool = true
    ) -> ImageTools {
      Injection.tools(
        for: request, target: target, mode: mode, hasProviders: hasProviders, canEdit: false)
    }
    #expect(tools(.auto) == (expected ? [.generate] : []))
    #expect(tools(.off).isEmpty)
    #expect(tools(.auto, hasProviders: false).isEmpty)
  }
}
