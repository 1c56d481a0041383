import Chat
import HTTP
import OpenAIWire
import Testing

@testable import ToolLoop

@Suite("edit_image")
struct EditImageTests {
  static let picture = Sample.user("see \(Sample.id(1))")

  func names(_ conversation: Conversation, closes: Bool = false) throws -> [String]? {
    try JSONSlice.parse(conversation.body(closes: closes))["tools"]?.elements.compactMap {
      $0["function"]?["name"]?.string
    }
  }

  @Test("it is offered once the conversation holds a picture, behind the client's tools")
  func offered() throws {
    let tools = ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"weather\"}}]"
    #expect(try names(Sample.conversation(Sample.user("hi"))) == ["generate_image"])
    #expect(try names(Sample.conversation(Self.picture)) == ["generate_image", "edit_image"])
    #expect(
      try names(Sample.conversation(Self.picture, extra: tools))
        == ["weather", "generate_image", "edit_image"])
    #expect(try names(Sample.conversation(Self.picture), closes: true) == nil)
    let request = try Sample.request(Self.picture)
    #expect(
      try names(Conversation(request, model: "m", tools: [.generate])) == ["generate_image"])
    #expect(try names(Conversation(request, model: "m")) == nil)
  }

  @Test("a picture that is made within the answer can be changed in the next round")
  func laterRound() throws {
    var conversation = try Sample.conversation(Sample.user("draw a fox"))
    let made = ToolResult.bytes(
      .made(
        PictureSet(
          pictures: [
            Picture(
              id: Sample.id(7), url: "http://gw/v1/images/\(Sample.id(7))", revisedPrompt: nil)
          ],
          provider: "p", model: "m", cost: nil)))
    let call = ToolCall(id: "a", name: "generate_image", arguments: Array("{}".utf8))
    #expect(try names(conversation) == ["generate_image"])
    conversation.append(text: [], calls: [(call, made)])
    #expect(try names(conversation) == ["generate_image", "edit_image"])
    #expect(try conversation.pictures.picture(named: "image_1").description.contains(Sample.id(7)))
    var failed = try Sample.conversation(Sample.user("draw a fox"))
    failed.append(
      text: [], calls: [(call, ToolResult.bytes(.failed(reason: "no", isRefusal: false)))])
    #expect(try names(failed) == ["generate_image"])
  }

  @Test("results of the gateway's calls that come back from memory count as well")
  func restored() throws {
    let call = ToolCall(id: "a", name: "generate_image", arguments: Array("{}".utf8))
    let turn = RememberedTurn(calls: [(call, Array("{\"id\":\"\(Sample.id(3))\"}".utf8))])
    let conversation = try Sample.conversation(
      Sample.user("x"), restored: [Conversation.RestoredTurn(message: 0, turn: turn)])
    #expect(try conversation.pictures.picture(named: Sample.id(3)).number == 1)
    #expect(try names(conversation) == ["generate_image", "edit_image"])
  }

  @Test(
    "it may be used only beside generate_image, and never against a tool of the client's",
    arguments: [
      ("", true, [.generate, .edit]), ("", false, [.generate]),
      (",\"tools\":[{\"function\":{\"name\":\"edit_image\"}}]", true, [.generate]),
      (",\"tools\":[{\"function\":{\"name\":\"generate_image\"}}]", true, []),
      (",\"tools\":[{\"function\":{\"name\":\"other\"}}]", true, [.generate, .edit]),
      (",\"tool_choice\":\"none\"", true, []), (",\"n\":2", true, []),
    ] as [(String, Bool, ImageTools)])
  func injection(extra: String, canEdit: Bool, expected: ImageTools) throws {
    let directory = UpstreamDirectory(upstreams: [
      ChatUpstream(name: "u", baseURL: try HTTPURL("https://example.com/v1"))
    ])
    let target = try #require(directory.route("m")?.targets.first)
    let request = try Sample.request(Self.picture, extra: extra)
    func tools(_ mode: EaselOptions.ImageTool, hasProviders: Bool = true) -> ImageTools {
      Injection.tools(
        for: request, target: target, mode: mode, hasProviders: hasProviders, canEdit: canEdit)
    }
    #expect(tools(.auto) == expected && tools(.confirm) == expected)
    #expect(tools(.off).isEmpty && tools(.auto, hasProviders: false).isEmpty)
  }

  @Test("a choice that forced it is not forced again")
  func forced() throws {
    var conversation = try Sample.conversation(
      Self.picture,
      extra: ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"edit_image\"}}")
    func choice() throws -> JSONSlice? {
      try JSONSlice.parse(conversation.body())["tool_choice"]
    }
    #expect(try choice()?["function"]?["name"]?.string == "edit_image")
    let call = ToolCall(id: "a", name: "edit_image", arguments: Array("{}".utf8))
    conversation.append(text: [], calls: [(call, Array("{}".utf8))])
    #expect(try choice()?.string == "auto")
  }

  @Test("the upstream never sees the data of a picture that can be changed")
  func stripped() throws {
    let conversation = try Sample.conversation(
      Sample.message("assistant", "![x](data:image/png;base64,QUJD)"))
    let body = try conversation.body()
    #expect(!body.contains("base64,") && body.contains("[picture]"))
    #expect(try names(conversation) == ["generate_image", "edit_image"])
    guard case .inline(let picture) = try conversation.pictures.picture(named: "image_1").source
    else {
      Issue.record("not inline")
      return
    }
    #expect(picture.decoded() == Array("ABC".utf8))
  }

  @Test(
    "arguments are checked, and what is wrong is said",
    arguments: [
      ("{\"image\":\"image_1\"}", "'prompt'"),
      ("{\"prompt\":\" \",\"image\":\"image_1\"}", "'prompt'"),
      ("{\"prompt\":\"x\"}", "'image' must name"), ("{\"prompt\":\"x\",\"image\":1}", "'image'"),
      ("{\"prompt\":\"x\",\"image\":\"image_1\",\"count\":5}", "'count'"),
      ("{\"prompt\":\"x\",\"image\":\"image_1\",\"size\":\"1x1\"}", "'size'"),
      ("{\"prompt\":\"x\",\"image\":\"image_1\",\"quality\":\"best\"}", "'quality'"),
      ("{\"prompt\":\"x\",\"image\":\"image_1\",\"mask\":\"image_2\"}", "'image_2'"),
      ("[]", "object"),
    ])
  func arguments(json: String, complaint: String) throws {
    let pictures = try Sample.pictures(Self.picture)
    #expect(Sample.complaint(json, pictures)?.contains(complaint) == true)
  }

  @Test("all arguments are read")
  func allArguments() throws {
    let pictures = try Sample.pictures(Sample.user("\(Sample.id(1)) \(Sample.id(2))"))
    let arguments = try Sample.edit(
      "{\"prompt\":\"blue\",\"image\":\"\(Sample.id(1))\",\"mask\":\"image_2\",\"size\":\"1792x1024\","
        + "\"quality\":\"hd\",\"count\":3}", pictures)
    #expect(arguments.prompt == "blue" && arguments.image.number == 1)
    #expect(arguments.mask?.number == 2 && arguments.size == "1792x1024")
    #expect(arguments.quality == "high" && arguments.count == 3)
    #expect(
      arguments.known(without: arguments.image) == "Known pictures: image_2 (\(Sample.id(2))).")
  }

  @Test("a call goes to the tool of its name")
  func dispatch() throws {
    let pictures = try Sample.pictures(Self.picture)
    func order(_ name: String, _ json: String) throws -> PictureOrder {
      try PictureOrder(
        ToolCall(id: "a", name: name, arguments: Array(json.utf8)), pictures, ToolLimits())
    }
    guard
      case .edit(let edit) = try order("edit_image", "{\"prompt\":\"e\",\"image\":\"image_1\"}"),
      case .draw(let draw) = try order("generate_image", "{\"prompt\":\"d\",\"image\":\"image_1\"}")
    else {
      Issue.record("the wrong tool")
      return
    }
    #expect(edit.prompt == "e" && draw.prompt == "d")
    #expect(throws: InvalidArguments.self) { try order("edit_image", "{\"prompt\":\"e\"}") }
  }

  @Test("both tools' schemas are functions with what they require among their parameters")
  func schemas() throws {
    for tool in ImageTool.allCases {
      let function = try #require(JSONSlice.parse(tool.definition(ToolLimits()))["function"])
      #expect(function["name"]?.string == tool.rawValue)
      let parameters = try #require(function["parameters"])
      let names = try #require(parameters["properties"]).members.map(\.key)
      let required = try #require(parameters["required"]).elements.compactMap(\.string)
      #expect(Set(required).isSubset(of: names) && required.first == "prompt")
    }
    #expect(
      try JSONSlice.parse(ImageTool.edit.definition(ToolLimits()))["function"]?["parameters"]?[
        "properties"]?
        .members.map(\.key) == ["prompt", "image", "mask", "size", "quality", "count"])
  }
}
