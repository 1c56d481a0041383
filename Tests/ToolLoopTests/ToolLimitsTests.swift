import OpenAIWire
import Testing

@testable import ToolLoop

@Suite("Limits of the tools")
struct ToolLimitsTests {
  static let narrow: ToolLimits = {
    var limits = ToolLimits()
    limits.sizes = ["1536x1024"]
    limits.styles = ["anime", "photo"]
    limits.maxCount = 2
    return limits
  }()

  private func properties(_ tool: ImageTool, _ limits: ToolLimits) throws -> JSONSlice {
    let function = try #require(JSONSlice.parse(tool.definition(limits))["function"])
    return try #require(function["parameters"]?["properties"])
  }

  private func words(_ schema: JSONSlice?) -> [String]? {
    schema?["enum"]?.elements.compactMap(\.string)
  }

  @Test("stand in the schemas", arguments: ImageTool.allCases)
  func schemas(tool: ImageTool) throws {
    let usual = try properties(tool, ToolLimits())
    #expect(words(usual["size"]) == ["1024x1024", "1792x1024", "1024x1792"])
    #expect(usual["count"]?["maximum"]?.int == 4)
    let narrow = try properties(tool, Self.narrow)
    #expect(words(narrow["size"]) == ["1536x1024"])
    #expect(narrow["count"]?["minimum"]?.int == 1 && narrow["count"]?["maximum"]?.int == 2)
    #expect(words(narrow["quality"]) == words(usual["quality"]))
    if tool == .generate {
      #expect(words(usual["style"]) == ["vivid", "natural"])
      #expect(words(narrow["style"]) == ["anime", "photo"])
    }
    #expect(narrow.members.map(\.key) == usual.members.map(\.key))
  }

  @Test("reach the upstream with the conversation")
  func conversation() throws {
    let conversation = Conversation(
      try Sample.request(Sample.user("draw")), model: "m", tools: [.generate], limits: Self.narrow)
    let tool = try JSONSlice.parse(conversation.body())["tools"]?[0]
    #expect(words(tool?["function"]?["parameters"]?["properties"]?["size"]) == ["1536x1024"])
  }

  @Test("let arguments within them through")
  func within() throws {
    let json = "{\"prompt\":\"a\",\"size\":\"1536x1024\",\"style\":\"photo\",\"count\":2}"
    let arguments = try ImageArguments(Array(json.utf8), Self.narrow)
    #expect(arguments.size == "1536x1024" && arguments.style == "photo" && arguments.count == 2)
  }

  @Test(
    "are told to a model that goes beyond them",
    arguments: [
      ("\"size\":\"1024x1024\"", "'size' must be one of: 1536x1024."),
      ("\"style\":\"vivid\"", "'style' must be one of: anime, photo."),
      ("\"count\":3", "'count' must be an integer from 1 to 2."),
      ("\"count\":0", "'count' must be an integer from 1 to 2."),
    ])
  func beyond(member: String, message: String) {
    do throws(InvalidArguments) {
      _ = try ImageArguments(Array("{\"prompt\":\"a\",\(member)}".utf8), Self.narrow)
      Issue.record("it is let through")
    } catch {
      #expect(error.message == message)
    }
  }

  @Test("of one picture are told in the singular")
  func single() {
    var limits = ToolLimits()
    limits.maxCount = 1
    do throws(InvalidArguments) {
      _ = try ImageArguments(Array("{\"prompt\":\"a\",\"count\":2}".utf8), limits)
      Issue.record("it is let through")
    } catch {
      #expect(error.message == "'count' must be 1.")
    }
  }
}
